"""Small experiments on neighbouring systems, each beside its prediction: one module of `studies` each.

May import: NumPy, SciPy, Numba, `langevin.theory`, `balance`, `data`, `draws` and `store`; `implicit_networks` torch and `curvature` as well.
"""
