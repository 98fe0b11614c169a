"""Which coordinates count."""

import numpy as np

from gradnoise.gaussianity.populations import Coordinate, Population


def test_members_by_class() -> None:
    classes = np.array([Coordinate.LIVE, Coordinate.DIRAC, Coordinate.SPARSE], np.uint8)
    members = {population: population.members(classes).tolist() for population in Population}
    assert members == {
        "all": [True, True, True],
        "testable": [True, False, True],
        "live": [True, False, False],
        "directions": [True, False, True],
    }
