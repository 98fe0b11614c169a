"""Figures of the tails stage."""
