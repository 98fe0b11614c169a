import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr

from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import cut
from gradnoise.errors import InputError
from gradnoise.gaussianity.analysis import analyse_layer
from gradnoise.gaussianity.kernels import Coordinate
from gradnoise.gaussianity.normality import describe
from gradnoise.gaussianity.results import write as write_gaussianity
from gradnoise.noise import store as noise_store
from gradnoise.noise.gather import gather_noise, plan
from gradnoise.store import arrays
from gradnoise.tails import __main__ as tails
from gradnoise.tails.analysis import TailAnalysis, analyse_tails, tail_examples
from gradnoise.tails.norm import norm_shape, null_shape
from gradnoise.tails.null import gaussian_null
from gradnoise.tails.pooled import pooled_mohammadi, pooled_null, predicted_pooled
from gradnoise.tails.stable.index import tail_index
from gradnoise.tails.summary import EDGES

SIZES, BATCHES, COUNT, REPEATS = [64, 16], 200, 120, [1, 2]


def layer(seed: int) -> np.ndarray:
    """Noise (2, 210, 120): coordinate 0 dead, the last 40 of Student's t with 2 degrees at B = 16."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal((len(SIZES), BATCHES + 10, COUNT))
    noise[1, :, 80:] = random.standard_t(2, noise[1, :, 80:].shape)
    noise *= np.exp(random.standard_normal(COUNT))
    noise[..., 0] = 0.25
    return (1e-9 * noise).astype(np.float32)


@pytest.fixture(scope="module")
def noise() -> list[np.ndarray]:
    return [layer(repeat) for repeat in REPEATS]


@pytest.fixture(scope="module")
def tested(noise: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    described = [describe(each[:, :BATCHES], axis=1) for each in noise]
    return (
        np.stack([each.classes for each in described], axis=1),
        np.stack([each.pvalue for each in described], axis=1),
    )


@pytest.fixture(scope="module")
def analysis(noise: list[np.ndarray], tested: tuple[np.ndarray, np.ndarray]) -> TailAnalysis:
    methods = ("ecf", "mcculloch", "mohammadi")
    return analyse_tails(noise, SIZES, BATCHES, REPEATS, *tested, methods, null_series=2000)


@pytest.mark.parametrize(("spread", "expected"), [(0, 2.0), (0.5, 1.88), (1, 1.58), (2, 1.0)])
def test_pooling_unequal_scales_fakes_heavy_tails(spread: float, expected: float) -> None:
    random = np.random.default_rng(1)
    scales = np.exp(spread * random.standard_normal(4000))
    noise = random.standard_normal((600, 4000)) * scales
    found = pooled_mohammadi(noise)
    assert found.alpha == pytest.approx(expected, abs=0.05)
    assert found.predicted == pytest.approx(found.alpha, abs=0.06)
    assert found.block == math.isqrt(600 * 4000)
    # Coordinate by coordinate the same noise is Gaussian.
    inverse = 1 / tail_index(noise[:, :500], axis=0).alpha
    assert 1 / inverse.mean() == pytest.approx(1.99, abs=0.01)


def test_pooled_index_of_the_known_answer() -> None:
    random = np.random.default_rng(0)
    values = np.exp(0.5 * random.standard_normal(4_000_000)) * random.standard_normal(4_000_000)
    assert pooled_mohammadi(values, 100).alpha == pytest.approx(1.811, abs=0.02)
    scales = np.exp(0.5 * random.standard_normal(1_000_000))
    assert predicted_pooled(scales, 100) == pytest.approx(1.804, abs=0.002)


def test_pooled_null_knows_the_scales() -> None:
    random = np.random.default_rng(2)
    scales = np.exp(random.standard_normal(1000))
    found = pooled_null(scales, 600, 800, random)
    assert found == pytest.approx(predicted_pooled(scales, 800), abs=0.05)
    assert found < 1.7


def test_pooled_index_drops_zeros_and_is_indifferent_to_a_factor() -> None:
    values = np.random.default_rng(3).standard_cauchy((100, 50))
    with_zeros = np.insert(values, 7, 0.0, axis=1)
    found = pooled_mohammadi(with_zeros, 20)
    assert found.dropped == 100
    assert found.alpha == pooled_mohammadi(values, 20).alpha
    assert found.alpha == pytest.approx(1.0, abs=0.15)
    assert pooled_mohammadi(1e-30 * values, 20).alpha == pytest.approx(found.alpha, rel=1e-9)
    assert math.isnan(pooled_mohammadi(np.zeros((5, 5))).alpha)
    assert math.isnan(pooled_mohammadi(values[0]).predicted)
    with pytest.raises(ValueError, match="found 1; at least 2"):
        pooled_mohammadi(values, 1)


def test_null_of_gaussian_series() -> None:
    null = gaussian_null(200, ("ecf", "mcculloch", "ml"), seed=3, series=3000)
    assert null.alpha["ecf"].mean() == pytest.approx(1.983, abs=0.003)
    assert null.alpha["mcculloch"].mean() == pytest.approx(1.916, abs=0.01)
    assert null.alpha["ml"].size == 1000
    # What a test on the tail rejects has a lower index, though all are Gaussian.
    assert null.rejected["ecf"].size == pytest.approx(150, abs=40)
    assert null.rejected["ecf"].mean() < null.alpha["ecf"].mean() - 0.03
    again = gaussian_null(200, ("ecf",), seed=3, series=3000)
    np.testing.assert_array_equal(null.alpha["ecf"], again.alpha["ecf"])


def test_shape_of_the_norm_of_independent_coordinates() -> None:
    random = np.random.default_rng(0)
    scales = np.exp(random.standard_normal(20))
    shapes = [norm_shape(_norms(random.standard_normal((400, 20)) * scales)) for _ in range(200)]
    mean, deviation = null_shape(scales**2, 400, random)
    np.testing.assert_allclose(mean, np.mean(shapes, axis=0), atol=0.12)
    np.testing.assert_allclose(deviation, np.std(shapes, axis=0), rtol=0.5)
    assert norm_shape(random.standard_normal(200_000)).tail_ratio == pytest.approx(1.909, abs=0.02)


def test_equal_weights_share_a_chi_squared_variable() -> None:
    mean, _ = null_shape(np.full(1000, 1e-12), 2000, np.random.default_rng(0))
    assert mean.skewness == pytest.approx(1 / math.sqrt(2 * 1000), abs=0.04)
    assert math.isnan(null_shape(np.zeros(3), 100, np.random.default_rng(0))[0].skewness)


def test_norm_of_correlated_gaussian_noise_is_no_surprise() -> None:
    random = np.random.default_rng(1)
    mixing = random.standard_normal((1, 300))
    noise = (random.standard_normal((1, 400, 1)) @ mixing).astype(np.float32)
    described = describe(noise, axis=1)
    tested = described.classes[:, None], described.pvalue[:, None]
    found = analyse_tails([noise], [16], 400, [1], *tested, null_series=50).norms[0]
    surprise = found["norm_skewness"] - found["norm_skewness_null"]
    assert surprise > 0.4
    expected = found["norm_skewness_correlated_null"]
    assert abs(found["norm_skewness"] - expected) < 3 * found["norm_skewness_correlated_null_sd"]


def _norms(noise: np.ndarray) -> np.ndarray:
    return np.linalg.norm(noise, axis=1)


def test_indices_are_those_of_the_series(noise: list[np.ndarray], analysis: TailAnalysis) -> None:
    for method, fields in analysis.indices.items():
        for s in range(2):
            for r in range(2):
                found = tail_index(noise[r][s, :BATCHES], axis=0, method=method)
                np.testing.assert_array_equal(fields["alpha"][s, r], found.alpha.astype(np.float32))
                np.testing.assert_array_equal(fields["converged"][s, r], found.converged)
        assert not fields["converged"][..., 0].any()


def test_rows_follow_their_definitions(
    analysis: TailAnalysis, tested: tuple[np.ndarray, np.ndarray]
) -> None:
    assert analysis.summary.shape == (12,)
    row = analysis.summary[6]
    assert row[["batch_size", "batches", "repeat", "method"]].tolist() == (16, 200, 1, b"ecf")
    classes, pvalues = tested
    live = classes[1, 0] == Coordinate.LIVE
    assert (row["coordinates"], row["live"]) == (COUNT, live.sum())
    alpha = analysis.indices["ecf"]["alpha"][1, 0].astype(float)
    assert row["alpha_mean"] == pytest.approx(alpha[live].mean())
    assert row["alpha_q05"] == pytest.approx(np.quantile(alpha[live], 0.05))
    assert row["alpha_share_at_2"] == np.mean(alpha[live] >= 1.98)
    rejected = live & (pvalues[1, 0] < 0.05)
    assert row["rejected"] == rejected.sum()
    assert row["alpha_rejected_mean"] == pytest.approx(alpha[rejected].mean())
    assert row["null_minus_mean"] == row["null_mean"] - row["alpha_mean"]
    assert row["share_converged"] == 1


def test_heavy_tails_stand_out_against_the_null_and_gaussians_do_not(
    analysis: TailAnalysis,
) -> None:
    for row in analysis.summary:
        gap = row["null_minus_median" if row["method"] != b"ecf" else "null_minus_mean"]
        if row["batch_size"] == 16:
            assert row["alpha_q05"] < row["null_q05"] - 0.05
        elif row["method"] == b"ecf":
            assert abs(gap) < 0.01


def test_pooled_index_of_a_layer_is_explained_by_its_scales(analysis: TailAnalysis) -> None:
    gaussian = analysis.norms[analysis.norms["batch_size"] == 64]
    assert np.all(gaussian["pooled_mohammadi"] < 1.8)
    np.testing.assert_allclose(gaussian["pooled_mohammadi"], gaussian["pooled_null"], atol=0.1)
    np.testing.assert_allclose(gaussian["pooled_predicted"], gaussian["pooled_null"], atol=0.12)


def test_norm_of_a_layer(analysis: TailAnalysis, noise: list[np.ndarray]) -> None:
    row = analysis.norms[1]
    assert row[["batch_size", "repeat"]].tolist() == (64, 2)
    expected = norm_shape(_norms(noise[1][0, :BATCHES].astype(np.float64)))
    assert row["norm_skewness"] == pytest.approx(expected.skewness, rel=1e-6)
    assert abs(row["norm_skewness"] - row["norm_skewness_null"]) < 5 * row["norm_skewness_null_sd"]
    heavy = analysis.norms[analysis.norms["batch_size"] == 16]
    assert np.all(heavy["norm_skewness"] > heavy["norm_skewness_null"] + 1)


def test_dead_layer_has_no_numbers() -> None:
    dead = np.full((2, 100, 5), -1e-6, np.float32)
    described = describe(dead, axis=1)
    tested = described.classes[:, None], described.pvalue[:, None]
    found = analyse_tails([dead], SIZES, 100, [1], *tested, null_series=50)
    assert found.summary["live"].tolist() == [0, 0]
    assert np.isnan(found.summary["alpha_mean"]).all()
    for name in ("norm_skewness", "norm_skewness_null", "norm_skewness_correlated_null"):
        assert np.isnan(found.norms[name]).all()
    assert tail_examples(found, dead, SIZES, 100, *tested, 0.05) == []


def test_histograms_count_the_coordinates(
    analysis: TailAnalysis, tested: tuple[np.ndarray, np.ndarray]
) -> None:
    counts = analysis.histograms["ecf"]
    assert counts["live"].shape == (2, 2, 60)
    np.testing.assert_array_equal(counts["live"].sum(axis=2), COUNT - 1)
    rejected = (tested[0] == Coordinate.LIVE) & (tested[1] < 0.05)
    np.testing.assert_array_equal(counts["rejected"].sum(axis=2), rejected.sum(axis=2))
    assert counts["null"].sum() == 2000
    assert counts["null_rejected"].sum() == pytest.approx(100, abs=35)
    alpha = analysis.indices["ecf"]["alpha"][1, 0]
    assert counts["live"][1, 0, -1] == np.sum(alpha >= EDGES[-2])


def test_blocks_change_no_index(
    noise: list[np.ndarray],
    tested: tuple[np.ndarray, np.ndarray],
    analysis: TailAnalysis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(noise_store, "READ_BYTES", 4 * BATCHES * 50)
    found = analyse_tails(noise, SIZES, BATCHES, REPEATS, *tested, ("ecf",), null_series=2000)
    for name, values in found.indices["ecf"].items():
        np.testing.assert_array_equal(values, analysis.indices["ecf"][name])
    for name in ("norm_skewness", "norm_tail_ratio_correlated_null", "pooled_predicted"):
        np.testing.assert_allclose(found.norms[name], analysis.norms[name], rtol=1e-6)
    np.testing.assert_allclose(
        found.norms["pooled_mohammadi"], analysis.norms["pooled_mohammadi"], rtol=0.2
    )


def test_examples_play_their_roles(
    analysis: TailAnalysis, noise: list[np.ndarray], tested: tuple[np.ndarray, np.ndarray]
) -> None:
    shown = tail_examples(analysis, noise[0], SIZES, BATCHES, *tested, 0.05)
    roles = [(one["role"], one["batch_size"]) for one in shown]
    assert roles == [
        ("lowest", 16),
        ("median", 16),
        ("highest", 16),
        ("rejected", 16),
        ("followed", 16),
        ("followed", 64),
    ]
    alpha = analysis.indices["ecf"]["alpha"][1, 0, 1:]
    assert shown[0]["alpha"] == alpha.min()
    assert shown[2]["alpha"] == alpha.max()
    assert shown[4]["position"] == shown[5]["position"] == shown[0]["position"]
    assert shown[3]["pvalue"] < 0.05
    for one in shown:
        size = SIZES.index(one["batch_size"])
        np.testing.assert_array_equal(one["samples"], noise[0][size, :BATCHES, one["position"]])


SAMPLES = 640


def write_inputs(folder: Path, strategy: str = "per_sample") -> None:
    """Gradients of 640 samples at 20 coordinates, noise drawn from them, test results and labels."""
    gradients = np.random.default_rng(0).standard_t(3, (SAMPLES, 20)).astype(np.float32)
    gradients[:, 2] = 0
    full, coordinate = gradients.mean(axis=0, dtype=np.float64), 3 * np.arange(20) + 1
    root = zarr.open_group(folder / "gradients.zarr", mode="w")
    root.attrs.update(strategy=strategy, reason="augmented", sample_count=SAMPLES)
    if strategy == "per_sample":
        group = root.create_group("conv1.weight")
        arrays.put_array(group, "gradient", gradients, ["sample", "coordinate"])
        arrays.put_array(group, "coordinate", coordinate, ["coordinate"])
    arrays.seal(root)
    noise = []
    for repeat in REPEATS:
        draws = Draws(5, repeat, "with_replacement", SAMPLES)
        noise.append(gather_noise(gradients, full, plan(draws, cut(draws, SIZES, BATCHES))))
        described = {"seed": 5, "epoch": 3, "sampling": "with_replacement", "sample_count": SAMPLES}
        root = zarr.open_group(
            folder / f"repeat-{repeat}.zarr", mode="w", attributes={**described, "repeat": repeat}
        )
        group = root.create_group("conv1.weight", attributes={"size": 432, "layer": "conv1"})
        names = ["batch_size", "batch", "coordinate"]
        arrays.put_array(group, "batch_size", np.array(SIZES), names[:1])
        arrays.put_array(group, "coordinate", coordinate, names[2:])
        arrays.put_array(group, "noise", noise[-1], names)
        arrays.put_array(group, "noise_along_directions", noise[-1][..., :0], names)
        arrays.seal(root)
    batches = [100, BATCHES]
    none = [each[..., :0] for each in noise]
    found = analyse_layer(noise, none, SIZES, batches, REPEATS)
    axes = {"batch_sizes": SIZES, "batches": batches, "repeats": REPEATS}
    write_gaussianity(
        folder / "tested.h5",
        found.coordinates,
        found.directions,
        found.summary,
        [],
        coordinate,
        axes,
        {},
    )
    with h5py.File(folder / "data.h5", "w") as file:
        file["train/targets"] = np.arange(SAMPLES) % 2
        file.attrs.create("classes", ["cat", "dog"], dtype=h5py.string_dtype())


def command_line(folder: Path, output: Path, **changes: Any) -> list[str]:
    settings = {"parameter": "conv1.weight", "methods": ["ecf", "mcculloch"], "seed": 1}
    settings |= {"significance": 0.05} | changes
    stores = [str(folder / f"repeat-{repeat}.zarr") for repeat in REPEATS]
    options = ["--settings", json.dumps(settings), "--noise", *stores, "--output", str(output)]
    options += ["--gaussianity", str(folder / "tested.h5"), "--data", str(folder / "data.h5")]
    return [*options, "--gradients", str(folder / "gradients.zarr")]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layer")
    write_inputs(folder)
    program = (
        "import sys; from gradnoise import stage; from gradnoise.tails.__main__ import main; stage.run(main);"
        "print(sorted({'torch', 'scipy.stats', 'pandas'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program, *command_line(folder, folder / "tails.h5")]
    (folder / "loaded").write_text(subprocess.check_output(command, text=True))
    return folder


def test_stage_loads_neither_torch_nor_scipy_stats_nor_pandas(results: Path) -> None:
    assert (results / "loaded").read_text().strip() == "[]"


def test_stage_writes_what_the_analysis_says(results: Path) -> None:
    opened = [zarr.open_group(results / f"repeat-{r}.zarr")["conv1.weight/noise"] for r in REPEATS]
    with h5py.File(results / "tested.h5") as tested:
        classes, pvalues = (tested[f"coordinates/{name}"][:, 1] for name in ("class", "pvalue"))
    expected = analyse_tails(
        opened, SIZES, BATCHES, REPEATS, classes, pvalues, ("ecf", "mcculloch"), seed=1
    )
    with h5py.File(results / "tails.h5") as file:
        for method, fields in expected.indices.items():
            for name, values in fields.items():
                np.testing.assert_array_equal(file[f"coordinates/{method}/{name}"][...], values)
        assert file["summary"][...].tobytes() == expected.summary.tobytes()
        assert file["norms"][...].tobytes() == expected.norms.tobytes()
        assert file["coordinates/index"][:3].tolist() == [1, 4, 7]
        assert file["examples/samples"].shape == (6, BATCHES)
        assert file["growth"]["coordinates"].tolist() == [19]
        assert file["growth"]["kurtosis_exponent"][0] > 0.1
        assert file["influence"]["batch_size"].tolist() == SIZES
        assert np.all(file["influence"]["extreme_share"] > file["influence"]["usual_share"])
        assert file["influence_classes"]["share_samples"].tolist() == [0.5, 0.5]
        assert file["samples/behind_examples"].shape == (6, 24)
        attributes = dict(file.attrs)
    assert (attributes["seed"], attributes["simulation_seed"]) == (5, 1)
    assert (attributes["batches"], attributes["size"]) == (BATCHES, 432)
    assert attributes["samples"] == "per-sample gradients"


def test_samples_behind_an_example_are_the_outermost(results: Path) -> None:
    gradients = zarr.open_group(results / "gradients.zarr")["conv1.weight/gradient"][...]
    with h5py.File(results / "tails.h5") as file:
        for coordinate, behind in zip(
            file["examples"].attrs["coordinate"], file["samples/behind_examples"], strict=True
        ):
            column = gradients[:, (coordinate - 1) // 3]
            assert column[behind[0]] == column.min()
            assert column[behind[-1]] == column.max()


def test_stage_without_per_sample_gradients_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_inputs(tmp_path, "per_batch")
    monkeypatch.setattr(sys, "argv", ["tails", *command_line(tmp_path, tmp_path / "tails.h5")])
    tails.main()
    with h5py.File(tmp_path / "tails.h5") as file:
        assert "growth" not in file
        assert file.attrs["samples"] == "augmented"
        assert file["summary"].shape == (8,)


def test_stage_names_what_does_not_fit(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "require_same_series", lambda noises: noises.reverse())
    monkeypatch.setattr(sys, "argv", ["tails", *command_line(results, results / "x.h5")])
    with pytest.raises(InputError, match=r"tested.h5: found other batch sizes, repeats"):
        tails.main()
    assert not (results / "x.h5").exists()
