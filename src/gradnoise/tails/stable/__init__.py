"""Symmetric stable laws: their density and its likelihood, and estimators of their index.

May import: NumPy, Numba, `gradnoise.store.registry` and `gradnoise.series`; no other part of tails.
"""
