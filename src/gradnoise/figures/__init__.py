"""Figures, one module each, in a folder per stage; each says in itself what it shows and needs (`catalogue`).

`style` is the look, `lines` and `scales` what panels share, `program` the command line and the files. Imports
tables and the stages' results, never torch.
"""
