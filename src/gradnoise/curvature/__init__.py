"""Curvature of a loss without its matrix."""
