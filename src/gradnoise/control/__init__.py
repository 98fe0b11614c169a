"""The positive control: gradient noise whose tails are known, through the code that judges them.

May import: NumPy; draws, noise and tails by their torch-free modules; neither torch, pandas nor `scipy.stats`.
"""
