"""Symmetric stable laws: density, likelihood, index."""
