"""Small experiments on neighbouring systems, each beside its prediction: one module of `studies` each.

May import: NumPy, SciPy, Numba, `langevin.theory`, `balance`, `data`, `draws` and `store`; `implicit_networks` torch and `curvature` as well.
Claims and report import every study, so that what is slow to import (`scipy.stats`, `scipy.signal`) stands in the functions that call it.
"""
