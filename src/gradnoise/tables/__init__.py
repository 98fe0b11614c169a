"""Tables: what all layers and trainings say, as CSV, and its means with intervals.

May import pandas and what lies below, the results of stages included; the stage itself reads the Gaussianity
files through their own description, without the statistics.
"""
