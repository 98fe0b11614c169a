"""The instrument check and the positive control on the page."""

import pandas as pd

from example_report import write_calibration, write_control
from gradnoise.report.checks import instrument, positive_control


def test_one_failed_check_is_a_failed_instrument(tmp_path):
    path = tmp_path / "calibration.csv"
    write_calibration(path, passed=True)
    found = instrument(pd.read_csv(path))
    assert (found["checks"], found["instrument_passed"]) == (2, True)
    write_calibration(path, passed=False)
    assert not instrument(pd.read_csv(path))["instrument_passed"]


def test_the_control_shows_indices_over_batch_sizes(tmp_path):
    write_control(tmp_path / "control.csv")
    control = pd.read_csv(tmp_path / "control.csv")
    found = positive_control(control)
    assert found["control_passed"]
    row = found["control"][4]
    assert row["noise"] == "t(1.5) inputs"
    assert (row["indices"], row["sizes"], row["null"]) == ("1.44 → 1.44", "16 → 256", "1.99")
    assert row["growth"] == "0.97 ± 0.01"
    wrong = control.assign(verdict=["wrong", *["right"] * 15])
    assert [row["right"] for row in positive_control(wrong)["control"]] == [False, *[True] * 7]
    assert not positive_control(wrong)["control_passed"]
