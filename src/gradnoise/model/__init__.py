"""Networks, losses and checkpoints.

`networks` lists the built-in ones without torch, `modules` and `factory` build them; `losses` holds one loss a
module. Imports draws, stage and store.
"""
