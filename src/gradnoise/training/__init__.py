"""Training: the network, epoch by epoch, resumable to the bit.

`loop` trains, `optimizers` holds one optimizer a module, `checkpoint` gives a trained network to the stages that
measure it. Imports data and model, and what lies below them.
"""
