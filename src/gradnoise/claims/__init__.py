"""Claims and the verdicts that follow from the tables: adding one is an entry in a module's `CLAIMS`, with its test.

Modules named by a subject (`gaussianity`, `alexnet`, `resnets`, `clt`, `tails`, `langevin`) hold claims, `published` collects
them. May import `tables`, what lies below, and of the stages their constants and pure functions.
"""
