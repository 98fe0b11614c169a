import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from example_chain import Asked, noted
from example_results import call
from gradnoise.control import judgement
from gradnoise.control.judgement import check_population
from gradnoise.control.populations import DEGREES, HEAVY_FACTORS, HeavyFactor
from gradnoise.control.results import COLUMNS
from gradnoise.draws.streams import Stream
from gradnoise.tails.stable.index import METHODS

# Mean index of Gaussian series of 200; only the default method's is judged by.
NULL = dict.fromkeys(METHODS, 1.983)


@pytest.mark.parametrize("heavy", HEAVY_FACTORS)
@pytest.mark.parametrize("distribution", DEGREES)
def test_every_population_is_called_right(
    distribution: str, heavy: HeavyFactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judgement, "FEATURES", 160)
    rows = check_population(distribution, heavy, [16, 64], 200, 3, NULL)
    assert [(row["draws"], row["batch_size"]) for row in rows] == [
        ("fresh", 16),
        ("fresh", 64),
        ("resampled", 16),
        ("resampled", 64),
    ]
    assert {row["verdict"] for row in rows} == {"right"}
    assert {row["finite_variance"] for row in rows} == {distribution != "t(1.5)"}
    assert {row["finite_fourth"] for row in rows} == {distribution == "gaussian"}


def test_a_wrong_call_is_called_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "GAP", -1.0)
    monkeypatch.setattr(judgement, "FEATURES", 40)
    rows = check_population("gaussian", "labels", [16], 100, 0, NULL)
    assert [row["verdict"] for row in rows] == ["wrong", "right"]
    assert rows[0]["called_variance"] == "infinite"


def test_stage_writes_a_table(tmp_path: Path) -> None:
    program = (
        "import sys; from gradnoise import stage; from gradnoise.control import judgement; from gradnoise.control.__main__ import main; judgement.SAMPLES = 2000;"
        "judgement.FEATURES = 20; judgement.NULL_SERIES = 50; stage.run(main);"
        "print(sorted({'torch', 'scipy.stats', 'pandas'} & set(sys.modules)))"
    )
    settings = {"seed": 0, "batch_sizes": [16, 64], "batches": 100}
    options = ["--settings", json.dumps(settings), "--output", str(tmp_path / "control.csv")]
    loaded = subprocess.check_output([sys.executable, "-c", program, *options], text=True)
    assert loaded.strip() == "[]"
    with (tmp_path / "control.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    assert list(rows[0]) == [column.name for column in COLUMNS]
    assert list(rows[0])[:5] == ["distribution", "source", "draws", "batch_size", "batches"]
    assert {row["verdict"] for row in rows} <= {"right", "wrong"}


def test_the_program_writes_what_the_library_says_from_streams_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {"SAMPLES": 400, "FEATURES": 40, "NULL_SERIES": 30}
    for name, value in small.items():
        monkeypatch.setattr(judgement, name, value)
    asked: list[Asked] = []
    settings = {"batch_sizes": [4, 16], "batches": 40, "seed": 5}
    with noted("control", asked):
        call("control", "--settings", json.dumps(settings), "--output", tmp_path / "control.csv")
    with (tmp_path / "control.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = judgement.control(**settings)
    assert rows == [{name: str(row[name]) for name in rows[0]} for row in expected]
    # Populations, shuffles of the samples, the null: nothing that a network's noise is drawn from.
    streams: dict[int, list[tuple[int, ...]]] = {}
    for each in asked:
        streams.setdefault(each.purpose, []).append(each.key)
    assert set(streams) == {Stream.CONTROL, Stream.GROWTH, Stream.TAILS}
    populations = [key for key in streams[Stream.CONTROL] if len(key) == 2]
    assert len(set(populations)) == len(populations) == len(DEGREES) * len(HEAVY_FACTORS)


def test_every_method_is_put_to_the_control() -> None:
    named = {column.name for column in COLUMNS}
    assert {f"alpha_{method}" for method in METHODS} <= named
    found = judgement._indices(np.random.default_rng(0).standard_normal((100, 4)))
    assert set(found) == set(METHODS)


@pytest.mark.parametrize(("heavy_size", "called"), [(16, "finite"), (64, "infinite")])
def test_fresh_noise_is_judged_at_the_largest_batch_size(
    heavy_size: int, called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn(
        random: np.random.Generator, distribution: str, heavy: str, size: int, batches: int
    ) -> np.ndarray:
        shape = batches, 8
        return (random.standard_cauchy if size == heavy_size else random.standard_normal)(shape)

    monkeypatch.setattr(judgement, "fresh_noise", drawn)
    monkeypatch.setattr(judgement, "SAMPLES", 400)
    monkeypatch.setattr(judgement, "FEATURES", 40)
    rows = check_population("gaussian", "labels", [64, 16], 100, 0, NULL)
    assert {row["called_variance"] for row in rows if row["draws"] == "fresh"} == {called}
