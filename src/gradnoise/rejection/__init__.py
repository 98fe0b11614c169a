"""What a level of the test makes of a checkpoint's layers: shares that pass, measured and foretold, and rejected tails.

Everything expensive lies below: p-values, what pass rates are predicted from, tail indices. Another level costs this stage
and what shows its rows, nothing else.

Imports the tails, clt, gaussianity, noise and gradients stages' modules, and `store`; neither torch nor pandas.
"""
