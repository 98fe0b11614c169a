"""Figures of the gaussianity stage."""
