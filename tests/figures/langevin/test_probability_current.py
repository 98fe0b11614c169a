"""Currents in a plane."""

import numpy as np

from example_langevin_results import result
from gradnoise.figures.langevin.probability_current import cells


def test_cells_hold_density_times_drift_in_standard_deviations() -> None:
    found = result("plain")
    frame = cells(found)
    assert len(frame) == 64
    centre = frame["count"].argmax()
    arrays = found.arrays
    deviations = np.sqrt(found.directions["variance"].to_numpy()[arrays["plane_directions"]])
    drift = arrays["plane_drift"].reshape(-1, 2)[centre] / deviations
    assert np.allclose(frame.loc[centre, ["measured_x", "measured_y"]].to_numpy(float), drift)
    assert np.abs(frame[["x", "y"]]).max().max() < 2.4
