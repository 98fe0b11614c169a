"""Claims and the verdicts that follow from the tables: adding one is an entry in a module's `CLAIMS`, with its test.

`scheme` decides, `claim` says what a claim is, `quantities` what can be compared, `decision` makes the rows; modules
named by a subject (`gaussianity` and `langevin`, registries, `clt`, `tails`) hold claims, `published` collects them. May
import `tables`, what lies below, and of the stages their constants and pure functions.
"""
