"""Exact laws of SGD on a quadratic, and their continuous limits.

Pure functions of Hessian, noise and step; import NumPy and SciPy only, nothing of `estimation`.
"""
