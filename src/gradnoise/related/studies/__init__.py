"""The studies, one module each: its name is the study's, `STUDY` declares it. Folders part them by what is studied.

May import: NumPy, SciPy, Numba, `langevin.theory`, `balance`, `data`, `draws` and the modules of `gradnoise.related`,
not `catalogue` nor `conduct`.
"""
