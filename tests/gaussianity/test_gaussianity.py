import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr

from gradnoise.errors import InputError
from gradnoise.gaussianity import analysis as gaussianity
from gradnoise.gaussianity.__main__ import main
from gradnoise.gaussianity.analysis import analyse_layer, describe_noise, examples
from gradnoise.gaussianity.multiple_testing import benjamini_hochberg, storey_pi0
from gradnoise.gaussianity.normality import describe
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.gaussianity.statistics.shapiro_wilk import shapiro_wilk
from gradnoise.gradients.parameters import COORDINATE
from gradnoise.noise import store as noise_store
from gradnoise.noise.store import (
    BATCH_SIZE,
    NOISE,
    NOISE_ALONG_DIRECTIONS,
    open_parameter,
    require_same_series,
)
from gradnoise.store import arrays

SIZES, STORED, COUNT = [16, 64], 60, 50


def layer(seed: int = 0, count: int = COUNT) -> np.ndarray:
    """Noise (2, 60, count): coordinate 0 dead, 1 sparse, 2 quantised, the others Gaussian."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal((len(SIZES), STORED, count)).astype(np.float32)
    noise[..., 0] = -1e-5
    noise[..., 1] = np.where(random.random((len(SIZES), STORED)) < 0.3, noise[..., 1], 0.5)
    noise[..., 2] = np.arange(STORED) % 7
    return noise


def analysis(**changes: Any) -> gaussianity.LayerAnalysis:
    arguments = {
        "noise": [layer(1), layer(2), layer(3)],
        "noise_along_directions": [layer(4, 10), layer(5, 10), layer(6, 10)],
        "batch_sizes": SIZES,
        "batches": [20, 60],
        "repeats": [1, 2, 3],
    }
    return analyse_layer(**(arguments | changes))


def write_store(path: Path, repeat: int, noise: np.ndarray) -> None:
    root = zarr.open_group(path, mode="w")
    root.attrs.update(
        seed=5, epoch=3, repeat=repeat, sampling="with_replacement", versions={"a": 1}
    )
    group = root.create_group(
        "conv1.weight",
        attributes={"size": 432, "layer": "conv1", "operation": "convolution", "kind": "weight"},
    )
    arrays.put_array(group, BATCH_SIZE, np.array(SIZES))
    arrays.put_array(group, COORDINATE, 3 * np.arange(noise.shape[2]) + 1)
    shape, width = noise.shape, noise.shape[2]
    chunks, shards = (1, 20, 16), (1, 20, 16 * -(-width // 16))
    arrays.create_array(group, NOISE, shape, chunks, shards)[...] = noise
    arrays.put_array(group, NOISE_ALONG_DIRECTIONS, noise[..., 3:9])
    arrays.seal(root)


def command_line(folder: Path, output: Path, **changes: Any) -> list[str]:
    settings = {"parameter": "conv1.weight", "significance": 0.05, "batches": [20, 60]} | changes
    stores = [str(path) for path in sorted(folder.glob("*.zarr"))]
    return ["--settings", json.dumps(settings), "--noise", *stores, "--output", str(output)]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: Any, **changes: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["gaussianity", *command_line(*arguments, **changes)])
    main()


def test_first_batches_of_every_size_are_described() -> None:
    noise = layer()
    found = describe_noise(noise, [20, 60])
    for s in range(len(SIZES)):
        for k, n in enumerate((20, 60)):
            expected = describe(noise[s, :n].T)
            assert list(found) == list(expected)
            for name, values in expected.items():
                np.testing.assert_array_equal(found[name][s, k], values)
                assert found[name].dtype == values.dtype


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = describe_noise(layer(), [20, 60])
    monkeypatch.setattr(noise_store, "READ_BYTES", 4 * 60 * 7)
    for name, values in describe_noise(layer(), [60, 20]).items():
        np.testing.assert_array_equal(values[:, ::-1], whole[name])


@pytest.mark.parametrize("n", [2, 61, 5001])
def test_number_of_batches_is_checked(n: int) -> None:
    with pytest.raises(InputError, match=f"found {n}; accepted: 3 to 60"):
        describe_noise(layer(), [20, n])


def test_noise_that_is_not_finite_is_an_error() -> None:
    noise = layer()
    noise[1, 5, 7] = np.inf
    with pytest.raises(InputError, match=r"coordinate 7 .* not finite"):
        describe_noise(noise, [20])


def test_shapes_and_rows() -> None:
    found = analysis()
    assert found.coordinates["pvalue"].shape == (2, 2, 3, COUNT)
    assert found.directions["pvalue"].shape == (2, 2, 3, 10)
    assert found.summary.shape == (12,)
    rows = found.summary[["batch_size", "batches", "repeat"]].tolist()
    assert rows[:4] == [(16, 20, 1), (16, 20, 2), (16, 20, 3), (16, 60, 1)]
    assert rows[-1] == (64, 60, 3)


def test_percentages_of_a_row_follow_their_definitions() -> None:
    found = analysis()
    row = found.summary[5]
    assert row[["batch_size", "batches", "repeat"]].tolist() == (16, 60, 3)
    pvalues, classes = (found.coordinates[name][0, 1, 2] for name in ("pvalue", "class"))
    assert classes[:3].tolist() == [Coordinate.DIRAC, Coordinate.SPARSE, Coordinate.QUANTISED]
    live_passing = np.sum(pvalues[3:] >= 0.05)
    testable_passing = np.sum(pvalues[1:] >= 0.05)
    assert row["percentage_live"] == pytest.approx(100 * live_passing / 47)
    assert row["percentage_testable"] == pytest.approx(100 * testable_passing / 49)
    assert row["percentage_gaussian"] == pytest.approx(100 * (testable_passing + 1) / 50)
    along = found.directions["pvalue"][0, 1, 2, 1:]
    assert row["percentage_directions"] == pytest.approx(100 * np.mean(along >= 0.05))
    shares = [row[f"share_{name}"] for name in ("dirac", "sparse", "quantised", "live")]
    assert shares == pytest.approx([0.02, 0.02, 0.02, 0.94])
    assert row["pi0"] == pytest.approx(2 * np.mean(pvalues[1:] > 0.5))
    skewness = found.coordinates["skewness"][0, 1, 2, 3:].astype(float)
    assert row["skewness_mean"] == pytest.approx(skewness.mean())
    assert row["skewness_sd"] == pytest.approx(skewness.std(ddof=1))
    assert row["coordinates"] == COUNT


def test_significance_moves_the_percentages_only() -> None:
    loose, strict = analysis(significance=0.5), analysis(significance=0.01)
    assert np.all(loose.summary["percentage_testable"] < strict.summary["percentage_testable"] - 20)
    np.testing.assert_array_equal(loose.coordinates["pvalue"], strict.coordinates["pvalue"])


def test_dead_layer_without_directions() -> None:
    dead = [np.zeros((2, 60, 4), np.float32)]
    found = analysis(
        noise=dead, noise_along_directions=[np.zeros((2, 60, 0), np.float32)], repeats=[1]
    )
    assert np.all(found.summary["percentage_gaussian"] == 100)
    assert np.all(np.isnan(found.summary["percentage_testable"]))
    assert np.all(np.isnan(found.summary["percentage_directions"]))
    assert np.all(found.summary["rejections_bh"] == 0)


def test_benjamini_hochberg_by_hand() -> None:
    assert benjamini_hochberg([0.03, 0.001, 0.02, 0.9, 0.5], 0.05) == 3
    assert benjamini_hochberg([0.04, 0.6], 0.05) == 0
    assert benjamini_hochberg([], 0.05) == 0


def test_gaussian_layer_has_no_rejections_and_all_null() -> None:
    pvalues = shapiro_wilk(np.random.default_rng(0).standard_normal((20_000, 100))).pvalue
    assert benjamini_hochberg(pvalues, 0.05) == 0
    assert storey_pi0(pvalues) == pytest.approx(1, abs=0.03)


def test_mixture_of_gaussian_and_skewed_coordinates() -> None:
    random = np.random.default_rng(0)
    pvalues = np.concatenate(
        [
            shapiro_wilk(random.standard_normal((20_000, 200))).pvalue,
            shapiro_wilk(random.standard_gamma(16, (5_000, 200))).pvalue,
        ]
    )
    assert 100 * np.mean(pvalues >= 0.05) == pytest.approx(81.8, abs=0.8)
    assert benjamini_hochberg(pvalues, 0.05) == pytest.approx(2020, abs=120)
    assert storey_pi0(pvalues) == pytest.approx(0.825, abs=0.03)


def test_examples_show_typical_worst_and_dead() -> None:
    found, noise = analysis(), layer(1)
    shown = examples(found, noise, SIZES, [20, 60])
    assert [(one["role"], one["batch_size"]) for one in shown] == [
        (role, size) for size in SIZES for role in ("typical", "worst", "dead")
    ]
    for one in shown:
        size = SIZES.index(one["batch_size"])
        np.testing.assert_array_equal(one["samples"], noise[size, :, one["position"]])
        assert one["pvalue"] == found.coordinates["pvalue"][size, 1, 0, one["position"]]
    live = found.coordinates["pvalue"][0, 1, 0, 3:]
    assert shown[0]["pvalue"] == np.median(live)
    assert shown[1]["statistic"] == found.coordinates["statistic"][0, 1, 0].min()
    assert shown[2]["position"] == 0


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layer")
    for repeat in (1, 2):
        write_store(folder / f"repeat-{repeat}.zarr", repeat, layer(repeat))
    # Calibration's modules are those of the statistics stages, too.
    program = (
        "import sys; from gradnoise import stage; import gradnoise.calibration.__main__; from gradnoise.gaussianity.__main__ import main;"
        "stage.run(main);"
        "print(sorted({'torch', 'scipy.stats', 'pandas'} & set(sys.modules)))"
    )
    options = command_line(folder, folder / "gaussianity" / "conv1.weight.h5")
    command = [sys.executable, "-c", program, *options]
    (folder / "loaded").write_text(subprocess.check_output(command, text=True))
    return folder


def test_stage_loads_neither_torch_nor_scipy_stats_nor_pandas(results: Path) -> None:
    assert (results / "loaded").read_text().strip() == "[]"


def test_stage_writes_what_the_analysis_says(results: Path) -> None:
    expected = analyse_layer(
        [layer(1), layer(2)],
        [layer(1)[..., 3:9], layer(2)[..., 3:9]],
        SIZES,
        [20, 60],
        [1, 2],
    )
    with h5py.File(results / "gaussianity" / "conv1.weight.h5") as file:
        for group, fields in (
            ("coordinates", expected.coordinates),
            ("directions", expected.directions),
        ):
            for name, values in fields.items():
                np.testing.assert_array_equal(file[group][name][...], values)
        assert file["summary"][...].tobytes() == expected.summary.tobytes()
        assert file["coordinates/index"][:3].tolist() == [1, 4, 7]
        assert file["batch_sizes"][...].tolist() == SIZES
        assert file["batches"][...].tolist() == [20, 60]
        assert file["repeats"][...].tolist() == [1, 2]
        assert file["examples/samples"].shape == (6, 60)
        assert file["examples"].attrs["coordinate"][2] == 1
        attributes = dict(file.attrs)
    assert attributes["parameter"] == "conv1.weight"
    assert (attributes["seed"], attributes["epoch"], attributes["size"]) == (5, 3, 432)
    assert "repeat" not in attributes
    assert json.loads(attributes["versions"]) == {"a": 1}


def test_stage_is_reproducible_to_the_bit(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(monkeypatch, results, tmp_path / "again.h5")
    with (
        h5py.File(results / "gaussianity" / "conv1.weight.h5") as one,
        h5py.File(tmp_path / "again.h5") as two,
    ):
        for name in ("summary", "coordinates/statistic", "directions/pvalue"):
            assert one[name][...].tobytes() == two[name][...].tobytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batches": [61]}, "found 61; accepted: 3 to 60"),
        (
            {"parameter": "conv9.weight"},
            "found no 'conv9.weight'; there are: conv1.weight",
        ),
    ],
)
def test_stage_names_what_is_wrong(
    results: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(InputError, match=message):
        run(monkeypatch, results, tmp_path / "x.h5", **changes)
    assert not list(tmp_path.iterdir())


def test_repeats_must_hold_the_same_series(tmp_path: Path) -> None:
    write_store(tmp_path / "repeat-1.zarr", 1, layer(1))
    write_store(tmp_path / "repeat-2.zarr", 2, layer(2, 40))
    opened = [open_parameter(path, "conv1.weight") for path in sorted(tmp_path.iterdir())]
    with pytest.raises(InputError, match=r"repeat-2.zarr: found other coordinates"):
        require_same_series(opened)


def test_stores_that_lost_something_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "repeat-1.zarr"
    write_store(path, 1, layer())
    next((path / "conv1.weight" / "noise").rglob("c/1/*/0")).unlink()
    with pytest.raises(InputError, match="shards found"):
        open_parameter(path, "conv1.weight")
    zarr.open_group(path).attrs.pop(arrays.COMPLETE)
    zarr.open_group(path).attrs[arrays.COMPLETE] = False
    with pytest.raises(InputError, match="never completed"):
        open_parameter(path, "conv1.weight")
    with pytest.raises(InputError, match="found none"):
        open_parameter(tmp_path / "nothing.zarr", "conv1.weight")
