"""Gradnoise: what is the noise of SGD, and what does it do to training?

Import the modules by name (`from gradnoise.gaussianity import shapiro_wilk`). Nothing is re-exported
here on purpose: an import in this file would make every stage of the pipeline depend on every module.
"""
