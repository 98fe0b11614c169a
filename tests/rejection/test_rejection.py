"""A checkpoint at a level of the test: what is applied, written and read."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr

from example_results import call
from example_tails import BATCHES, REPEATS, SAMPLES, SIZES, command_line, write_inputs
from gradnoise.clt import results as clt
from gradnoise.errors import InputError
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.gaussianity.results import read_tests
from gradnoise.rejection import __main__ as rejection
from gradnoise.rejection import reading
from gradnoise.rejection.judgement import judge_predictions, judge_tails, judge_tests
from gradnoise.rejection.results import TABLES
from gradnoise.store.results import read_attributes, read_table
from gradnoise.tails.null import gaussian_null
from gradnoise.tails.results import read_tails

AT, NAME = "cnn/seed-1/epoch-3", "conv1.weight"


def write_layer(folder: Path, strategy: str = "per_sample") -> None:
    write_inputs(folder, strategy)
    place = folder / AT
    call("tails", *command_line(folder, place / f"tails/{NAME}.h5"))
    (place / "gaussianity").mkdir()
    (folder / "tested.h5").rename(place / f"gaussianity/{NAME}.h5")
    index = 3 * np.arange(20) + 1
    nothing = clt.Analysis({"index": index}, {}, {})
    clt.write(place / f"clt/{NAME}.h5", nothing, {"sample_count": SAMPLES})


def judge(folder: Path, level: float = 0.05, **changes: Any) -> Path:
    where = {"run": "cnn", "seed": 1, "epoch": 3, "parameters": [NAME]}
    settings = json.dumps({**where, "significance": level} | changes)
    output = folder / f"{AT}/rejection-{level}.h5"
    stores = [folder / f"repeat-{repeat}.zarr" for repeat in REPEATS]
    given = ["--results", folder, "--gradients", folder / "gradients.zarr", "--noise", *stores]
    call("rejection", "--settings", settings, *given, "--output", output)
    return output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    write_layer(folder)
    return folder


@pytest.fixture(scope="module")
def judged(folder: Path) -> Path:
    return judge(folder)


def test_every_array_and_table_says_what_it_is(judged: Path) -> None:
    def described(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            assert item.attrs["long_name"], name
            assert "units" in item.attrs, name
            assert all(dimension.label for dimension in item.dims) or item.dtype.names, name

    with h5py.File(judged) as file:
        file.visititems(described)
        assert (file.attrs["significance"], file.attrs["epoch"]) == (0.05, 3)
        tables = {
            name for name, item in file[NAME].items() if item.attrs.get("long_name", "")[:1] == "{"
        }
        # Of a layer whose moments are not known nothing is foretold.
        assert tables == {*TABLES} - {
            *("correlations", "prediction", "prediction_same_samples", "calibration_of_prediction")
        }


def test_a_stricter_level_rejects_fewer_and_needs_nothing_else_anew(
    folder: Path, judged: Path
) -> None:
    files = [path for path in folder.rglob("*.h5") if "rejection" not in path.name]
    before = {path: path.stat().st_mtime_ns for path in files}
    strict = judge(folder, 0.001)
    assert {path: path.stat().st_mtime_ns for path in files} == before
    rows = [read_table(path, "rejection", f"{NAME}/tails") for path in (judged, strict)]
    assert rows[0] is not None
    assert rows[1] is not None
    assert (rows[1]["rejected"] <= rows[0]["rejected"]).all()
    assert rows[1]["rejected"].sum() < rows[0]["rejected"].sum()
    np.testing.assert_array_equal(rows[0]["alpha_mean"], rows[1]["alpha_mean"])
    np.testing.assert_array_equal(rows[0]["null_mean"], rows[1]["null_mean"])
    passes = [read_table(path, "rejection", f"{NAME}/gaussianity") for path in (judged, strict)]
    assert passes[0] is not None
    assert passes[1] is not None
    assert (passes[1]["percentage_testable"] >= passes[0]["percentage_testable"]).all()
    assert read_attributes(strict, "rejection", NAME)["significance"] == 0.001


def test_tails_are_of_the_live_coordinates_that_most_batches_reject(
    folder: Path, judged: Path
) -> None:
    """With a constant coordinate beside them, and fewer batches that reject others."""
    tests = read_tests(folder / f"{AT}/gaussianity/{NAME}.h5")
    live = tests.coordinates["class"] == 0
    rejected = live & (tests.coordinates["pvalue"] < 0.05)
    few, most = rejected.sum(axis=3).swapaxes(0, 1)
    assert (few != most).any()
    assert (live.sum(axis=3) < tests.index.size).any()
    for table in ("tails", "rejected_tails"):
        rows = read_table(judged, "rejection", f"{NAME}/{table}")
        assert rows is not None
        for row in rows:
            cell = SIZES.index(row["batch_size"]), REPEATS.index(row["repeat"])
            assert row["rejected"] == most[cell], table


def test_sparse_coordinates_are_not_among_the_rejected(folder: Path) -> None:
    """Ties alone fail the test: no index of theirs speaks of tails."""
    tests = read_tests(folder / f"{AT}/gaussianity/{NAME}.h5")
    tails = read_tails(folder / f"{AT}/tails/{NAME}.h5")
    stores = [zarr.open_group(folder / f"repeat-{repeat}.zarr") for repeat in REPEATS]
    noise: list[Any] = [store[f"{NAME}/noise"] for store in stores]
    null = gaussian_null(BATCHES, tuple(tails.indices), 0, 0.05, 100)
    before = judge_tails(tests, tails, noise, null, 0.05).tables["rejected_tails"]["rejected"]
    classes = tests.coordinates["class"].copy()
    classes[1, 1, 0] = Coordinate.SPARSE
    changed = replace(tests, coordinates={**tests.coordinates, "class": classes})
    after = judge_tails(changed, tails, noise, null, 0.05).tables["rejected_tails"]["rejected"]
    assert before[2] > 0
    assert after.tolist() == [
        0 if place % 4 == 2 else number for place, number in enumerate(before)
    ]


def test_what_figures_read_is_what_was_written(judged: Path, folder: Path) -> None:
    assert reading.read_parameters(judged) == [NAME]
    found = reading.read_histograms(judged, NAME, "mcculloch")
    assert found.batch_sizes.tolist() == SIZES
    assert found.live.shape == (2, 2, 60)
    rows = read_table(judged, "rejection", f"{NAME}/rejected_tails")
    assert rows is not None
    rejected = reading.read_rejected(judged, NAME, "ml")
    assert rejected.counts.sum() == pytest.approx(
        (rows["series"] * np.nan_to_num(rows["share_converged"]))[rows["method"] == "ml"].sum()
    )
    shown = reading.read_examples(judged, NAME)
    assert [one.role for one in shown[:3]] == ["lowest", "median", "highest"]
    noise: Any = zarr.open_group(folder / "repeat-1.zarr")[f"{NAME}/noise"]
    for one in shown:
        size, place = SIZES.index(one.batch_size), (one.position - 1) // 3
        np.testing.assert_array_equal(one.samples, noise[size, :BATCHES, place])
    with h5py.File(folder / f"{AT}/tails/{NAME}.h5") as file:
        np.testing.assert_array_equal(
            reading.read_top_samples(judged, NAME), file["samples/top"][...]
        )
    with pytest.raises(InputError, match=r"expected a complete rejection file"):
        reading.read_histograms(judged, NAME, "ml")
    with pytest.raises(InputError, match=r"expected a complete rejection file"):
        reading.read_examples(judged, "conv2.weight")


def test_samples_behind_an_example_are_the_outermost(judged: Path, folder: Path) -> None:
    gradients: Any = zarr.open_group(folder / "gradients.zarr")[f"{NAME}/gradient"]
    with h5py.File(judged) as file:
        group = file[f"{NAME}/examples"]
        assert group["behind"].shape == (len(group["role"]), 24)
        for coordinate, behind in zip(group["coordinate"], group["behind"], strict=True):
            column = gradients[:, (coordinate - 1) // 3]
            assert column[behind[0]] == column.min()
            assert column[behind[-1]] == column.max()


def test_without_stored_gradients_there_is_no_largest_batch_and_nobody_behind(
    tmp_path: Path,
) -> None:
    write_layer(tmp_path, "per_batch")
    with h5py.File(judge(tmp_path)) as file:
        assert "largest_batch" not in file[NAME]
        assert "behind" not in file[NAME]["examples"]
        assert file[NAME]["top"].size == 0
        assert file[NAME]["tails"].shape == (8,)


def test_tests_of_other_series_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejection, "require_same_series", lambda noises: noises.reverse())
    with pytest.raises(InputError, match=r"conv1.weight.h5: found other batch sizes, repeats"):
        judge(folder, 0.02)
    assert not (folder / f"{AT}/rejection-0.02.h5").exists()


def test_predictions_are_of_the_draws_that_were_tested(folder: Path) -> None:
    """Of coordinates whose moments are known, but not their samples, correlations alone."""
    tests = read_tests(folder / f"{AT}/gaussianity/{NAME}.h5")
    random = np.random.default_rng(0)
    known = {"rho": 1 + random.random(20), "variance": random.random(20)}
    measured = clt.Measured(known, None, SAMPLES)
    found = judge_predictions(tests, measured, 0.05).tables
    assert set(found) == {"correlations"}
    cells = [(size, n) for size in tests.batch_sizes for n in tests.batches]
    assert found["correlations"][["batch_size", "batches"]].tolist() == cells
    assert judge_predictions(tests, clt.Measured({}, None, SAMPLES), 0.05).tables == {}
    rows = judge_tests(tests, 0.3).tables["gaussianity"]
    pvalues, classes = (tests.coordinates[name][1, 0, 1] for name in ("pvalue", "class"))
    row = rows[(rows["batch_size"] == 16) & (rows["batches"] == 100) & (rows["repeat"] == 2)]
    assert row["percentage_testable"] == 100 * np.mean(pvalues[classes != 1] >= 0.3)
