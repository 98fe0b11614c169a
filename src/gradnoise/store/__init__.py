"""How results lie on disk: work areas, Zarr stores, HDF5 files, small tables, and where each is.

`variables` declares arrays and columns, `arrays` (Zarr), `results` (HDF5) and `tables` (CSV) write what is
declared, `work_area` publishes it whole and `kept` holds it for a second attempt, `checksums` tell
damage, `diagnosis` looks for it, `paths` says where. `registry` finds what the modules of a folder declare. Imports
`errors` only.
"""
