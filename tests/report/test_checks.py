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


def test_every_number_of_the_control_stands_in_its_place():
    columns = ["distribution", "source", "draws", "batch_size", "alpha_ecf", "null_ecf"]
    columns += ["growth_exponent", "growth_error", "called_variance", "called_fourth", "verdict"]
    rows = [
        ("t(3)", "labels", "fresh", 256, 1.71, 1.95, 0.31, 0.02, "finite", "infinite", "right"),
        ("t(3)", "labels", "fresh", 16, 1.52, 1.93, 0.34, 0.05, "open", "finite", "right"),
        ("t(3)", "labels", "resampled", 16, 1.11, 1.91, 0.12, 0.01, "infinite", "open", "wrong"),
    ]
    found = positive_control(pd.DataFrame(rows, columns=columns))
    fresh, resampled = found["control"]
    # Of the smallest batch size, whatever stands first.
    assert fresh == {
        **{"noise": "t(3) label noise", "draws": "fresh", "indices": "1.52 → 1.71"},
        **{"sizes": "16 → 256", "null": "1.93", "growth": "0.34 ± 0.05"},
        **{"called": "variance open, fourth moment finite", "right": True},
    }
    assert resampled["called"] == "variance infinite, fourth moment open"
    assert (resampled["right"], found["control_passed"]) == (False, False)


def test_checks_stand_by_what_they_check():
    rows = pd.DataFrame({"check": ["b", "a", "b"], "passed": True, "n": [1, 2, 3]})
    found = instrument(rows)
    assert [
        (name, [each["n"] for each in part]) for name, part in found["calibration"].items()
    ] == [
        ("b", [1, 3]),
        ("a", [2]),
    ]
    assert found["checks"] == 3
