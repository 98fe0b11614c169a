"""Exact laws of SGD on a quadratic, and their continuous limits."""
