"""Files: work areas, Zarr stores, HDF5 results."""
