"""Figures of the geometry stage."""
