"""Figures of the balance stage, for the whole experiment."""
