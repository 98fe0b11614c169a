"""One module a stage: its section of the config, the settings each of its jobs gets, and what a job needs.

A stage's settings are exactly what it reads, so that a change invalidates the stages that read it and no other.
"""
