"""Random streams, and which samples make which mini-batch.

`streams` keys every random number by its purpose, `batches` draws mini-batches, `pieces` cuts their stream so
that one pass serves all batch sizes. Imports nothing of the program.
"""
