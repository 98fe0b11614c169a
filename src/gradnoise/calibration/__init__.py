"""The instrument check: noise of known distribution through the code that analyses gradient noise.

May import `gaussianity`, `noise.store`, `draws`, `store` and `stage`; neither torch, scipy.stats nor pandas.
"""
