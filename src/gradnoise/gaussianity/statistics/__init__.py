"""Statistics of single coordinates: one module each, which declares itself as `STATISTIC`.

A new statistic is a new module here: `describe`, the stage's files, the layer's summary, tables and the noise
card take it up. Modules may import `kernels`, `populations`, `statistic` and `multiple_testing` of this package,
NumPy and Numba, and none of each other: Numba's cache of compiled code does not see changes in other files.
"""
