"""Estimators of the tail index, one module each: its name is the method's, `ESTIMATOR` and `SECONDS` declare it.

May import: NumPy, Numba, `gradnoise.series` and the modules of `gradnoise.tails.stable`, not `index`.
"""
