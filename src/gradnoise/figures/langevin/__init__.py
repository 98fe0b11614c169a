"""Figures of the langevin stage."""
