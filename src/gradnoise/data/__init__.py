"""Data sets: any source, checked, in one HDF5 file.

`catalogue` lists them; every entry says what it is and reads itself (`public_sets`, `image_folders`, `arrays`,
`synthetic`); `samples` checks and splits, `dataset` writes and reads the file. Imports stage, store and draws.
"""
