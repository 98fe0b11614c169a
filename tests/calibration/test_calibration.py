import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from gradnoise.calibration import checks as calibration
from gradnoise.calibration.__main__ import main
from gradnoise.calibration.checks import calibrate, expectation
from gradnoise.calibration.laws import LAWS, Law
from gradnoise.draws.streams import Stream, generator

BARS = {
    ("gaussian", 64, 200): (95.0, 0.4),
    ("gaussian", 64, 600): (94.9, 0.4),
    ("exponential", 16, 200): (29, 1.5),
    ("exponential", 16, 600): (0.4, 0.4),
    ("exponential", 64, 200): (76.2, 1.5),
    ("exponential", 64, 600): (40.5, 1.5),
    ("exponential", 256, 200): (92, 1.5),
    ("exponential", 256, 600): (81.5, 1.5),
    ("rounded_gaussian", 64, 200): (44, 1.5),
    ("rounded_gaussian", 64, 600): (0, 0.2),
    ("student_t_1.5", 16, 200): (0, 0.2),
}


@pytest.mark.parametrize("key", BARS, ids=str)
def test_reference_table_against_published_percentages(key: tuple[str, int, int]) -> None:
    percentage, tolerance = BARS[key]
    assert expectation(*key, 0.05).percentage == pytest.approx(percentage, abs=tolerance)


def test_reference_is_the_nearest_there_is() -> None:
    row = expectation("gaussian", 64, 250, 0.04)
    assert (row.n, row.significance) == (300, 0.05)
    assert expectation("exponential", 16, 5000, 0.05).n == 2000
    with calibration.REFERENCE.open(newline="") as file:
        assert all(0 < float(row["standard_error"]) < 0.6 for row in csv.DictReader(file))


@pytest.mark.parametrize("seed", range(4))
def test_sound_instrument_passes_every_check(tmp_path: Path, seed: int) -> None:
    checks = calibrate(tmp_path, seed, 0.05, [200, 600], 500)
    assert len(checks) == 2 * sum(len(law.batch_sizes) for law in LAWS.values())
    assert [check for check in checks if not check.passed] == []


def test_tolerance_follows_the_number_of_series(tmp_path: Path) -> None:
    (tmp_path / "few").mkdir()
    (tmp_path / "many").mkdir()
    few = calibrate(tmp_path / "few", 0, 0.05, [50], 200)[0]
    many = calibrate(tmp_path / "many", 0, 0.05, [50], 1800)[0]
    assert few.tolerance == pytest.approx(3 * many.tolerance, rel=0.05)
    assert many.tolerance == pytest.approx(4 * 100 * np.sqrt(0.95 * 0.05 / 1800), rel=0.1)


def test_a_tolerance_is_four_errors_of_the_count_and_of_the_table(tmp_path: Path) -> None:
    for check in calibrate(tmp_path, 1, 0.05, [200], 3000):
        known = expectation(check.distribution, check.batch_size, check.n, check.significance)
        share, count = known.percentage / 100, check.series
        counted = 1e4 * (share * (1 - share) / count + 1 / count**2)
        error = np.sqrt(counted + known.standard_error**2)
        assert check.tolerance == pytest.approx(4 * error, abs=1e-4)
        assert check.expected_percentage == known.percentage
        off = abs(check.measured_percentage - known.percentage)
        assert check.passed == (off <= check.tolerance)
        assert count == (750 if check.distribution == "student_t_1.5" else 3000)


def test_broken_instrument_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    law = LAWS["gaussian"]
    skewed = Law(law.check, law.batch_sizes, LAWS["exponential"].sample)
    monkeypatch.setitem(LAWS, "gaussian", skewed)
    checks = calibrate(tmp_path, 0, 0.05, [600], 500)
    assert not checks[0].passed
    assert all(check.passed for check in checks[1:])


@pytest.mark.parametrize("name", LAWS)
def test_laws_have_zero_mean_and_their_spread_falls_with_the_batch_size(name: str) -> None:
    law = LAWS[name]
    spread = []
    for size in (4, 400):
        noise = law.sample(generator(0, Stream.CALIBRATION, name), size, (100, 300))
        assert noise.shape == (100, 300)
        spread.append(np.subtract(*np.quantile(noise, [0.75, 0.25])))
        assert abs(np.median(noise)) < 0.2 * spread[-1]
    # A stable law of index 3/2, which t tends to, sums like the 2/3 power, so its means fall like the 1/3 power only.
    exponent = 1 / 3 if name == "student_t_1.5" else 1 / 2
    assert spread[0] / spread[1] == pytest.approx(100**exponent, rel=0.25)


def test_stage_writes_one_row_a_check_and_is_reproducible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"seed": 3, "significances": [0.01, 0.04, 0.05], "batches": [200], "series": 400}
    texts = []
    for name in ("one.csv", "two.csv"):
        output = tmp_path / name
        arguments = ["--settings", json.dumps(settings), "--output", str(output)]
        monkeypatch.setattr(sys, "argv", ["calibration", *arguments])
        main()
        texts.append(output.read_text())
    assert texts[0] == texts[1]
    rows = list(csv.DictReader(texts[0].splitlines()))
    assert list(rows[0])[:8] == [
        *("check", "distribution", "batch_size", "n", "measured_percentage"),
        *("expected_percentage", "tolerance", "passed"),
    ]
    assert {row["passed"] for row in rows} == {"True"}
    # 0.04 has the tabulated neighbour 0.05.
    assert {(row["n"], row["significance"]) for row in rows} == {("200", "0.01"), ("200", "0.05")}
    keys = [(*list(row.values())[:4], row["significance"]) for row in rows]
    assert len(keys) == len(set(keys))
