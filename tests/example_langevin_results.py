"""Results of the langevin stage as its figures read them."""

import pandas as pd

from example_trajectories import VARIANTS, analysed, recorded
from gradnoise.figures.langevin.files import Result
from gradnoise.trajectory.names import MODEL


def result(variant: str) -> Result:
    """One of VARIANTS, analysed."""
    found = analysed(variant)
    rows = pd.DataFrame(dict(found.directions))
    rows["kind"] = rows["kind"].str.decode("utf-8")
    attributes = recorded(**{**VARIANTS[variant], "steps": 100}).attributes
    return Result(variant, MODEL, rows, {**attributes, **found.numbers}, dict(found.arrays))
