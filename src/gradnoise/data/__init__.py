"""Data sets: any source, checked, in one HDF5 file.

`catalogue` lists them; every entry says what it is and reads itself (`public_sets`, `image_folders`, `arrays`,
`synthetic`); `members` walks folders and tars, `hdf5` looks whether a file is whole; `inputs` tells images, numbers and tokens
apart, `samples` checks, `splits` splits, `dataset` writes and reads the file. Imports stage, store and draws.
"""
