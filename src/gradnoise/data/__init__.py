"""Data sets: any source, checked, in one HDF5 file."""
