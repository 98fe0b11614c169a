"""Exact distances of sums of draws to the Gaussian. Imports NumPy and SciPy only."""
