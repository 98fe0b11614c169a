"""What a recorded trajectory says: fits, correlation times, currents, densities, power laws.

Pure functions of arrays; import NumPy, SciPy and Numba only, nothing of `theory`.
"""
