"""Bounds, predicted pass rates, held-out predictions and the clt stage."""

from itertools import combinations

import h5py
import numpy as np
import pytest
import zarr
from scipy import stats

from example_results import call
from gradnoise.clt.berry_esseen import berry_esseen_bound, edgeworth_distance
from gradnoise.clt.exact_distance import exact_ks
from gradnoise.clt.noise_scale import noise_scale
from gradnoise.clt.pass_rate import finite_population, predicted_pass_rate
from gradnoise.clt.prediction import Design, calibration, held_out, lattice_pass_rate, summarise
from gradnoise.clt.rank_correlation import permutation_pvalue, spearman
from gradnoise.clt.value_classes import Values, classify_values, frequencies
from gradnoise.gaussianity.normality import shapiro_wilk
from gradnoise.store import arrays


def test_the_bound_is_the_smallest_of_the_valid_forms() -> None:
    assert berry_esseen_bound(2.414553, 64) == pytest.approx(0.115957, abs=1e-6)
    assert berry_esseen_bound(1.0, 1024) == pytest.approx(0.4690 / 32)
    rho, sizes = np.array([1.0, 1.6, 5.0, 40.0]), np.array([[4], [64]])
    forms = np.array([0.4690 * rho, 0.3322 * (rho + 0.429), 0.3031 * (rho + 0.646)])
    expected = np.minimum(forms.min(axis=0) / np.sqrt(sizes), 1)
    np.testing.assert_allclose(berry_esseen_bound(rho, sizes), expected)


def test_impossible_moments_are_refused_and_missing_ones_kept() -> None:
    with pytest.raises(ValueError, match=r"found 0\.02"):
        berry_esseen_bound([1.5, 0.02], 64)
    with pytest.raises(ValueError, match="batch_size: found 0"):
        berry_esseen_bound(1.5, 0)
    assert np.isnan(berry_esseen_bound(np.nan, 64))


def test_the_bound_holds_for_exact_distances_of_many_laws() -> None:
    random = np.random.default_rng(0)
    for values in (
        random.gamma(0.3, size=3000),
        random.standard_t(3, 3000),
        np.where(random.random(3000) < 0.9, 0, random.standard_normal(3000)),
        random.integers(0, 3, 3000),
    ):
        x = (values - values.mean()) / values.std()
        rho = np.mean(np.abs(x) ** 3)
        for size in (1, 8, 64, 1024):
            assert exact_ks(values, size) <= berry_esseen_bound(rho, size) + 1e-6


def test_edgeworths_term_is_the_distance_of_smooth_skewed_noise() -> None:
    values = -np.log1p(-(np.arange(20_000) + 0.5) / 20_000)
    assert edgeworth_distance(stats.skew(values), 1024) == pytest.approx(
        exact_ks(values, 1024), rel=0.01
    )


@pytest.mark.parametrize(
    ("skewness", "kurtosis", "batch_size", "n", "expected", "tolerance"),
    [
        (0, 0, 64, 200, 95.0, 1e-6),
        (2, 6, 64, 200, 76.2, 2.5),
        (2, 6, 64, 600, 40.5, 2.5),
        (2, 6, 256, 600, 81.5, 2.5),
        (2, 6, 16, 200, 29, 4),
        (2, 6, 16, 600, 0.4, 1),
    ],
)
def test_pass_rates_of_known_laws_are_predicted(
    skewness: float, kurtosis: float, batch_size: int, n: int, expected: float, tolerance: float
) -> None:
    found = 100 * predicted_pass_rate(skewness, kurtosis, batch_size, n)
    assert found == pytest.approx(expected, abs=tolerance)
    assert 100 * predicted_pass_rate(-skewness, kurtosis, batch_size, n) == pytest.approx(found)


FAMILIES = {
    "laplace": (
        0,
        3,
        lambda random, b, shape: random.gamma(b, size=shape) - random.gamma(b, size=shape),
    ),
    "product of gaussians": (
        *(0, 6),
        lambda random, b, shape: random.gamma(b / 2, size=shape) - random.gamma(b / 2, size=shape),
    ),
    "student t 5": (
        *(0, 6),
        lambda random, b, shape: sum(random.standard_t(5, shape) for _ in range(b)),
    ),
    "logistic": (
        0,
        1.2,
        lambda random, b, shape: sum(random.logistic(size=shape) for _ in range(b)),
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("batch_size", "points"), [(16, 5.0), (64, 3.0)])
def test_pass_rates_hold_for_laws_that_are_not_in_the_table(
    family: str, batch_size: int, points: float
) -> None:
    skewness, kurtosis, draw = FAMILIES[family]
    noise = draw(np.random.default_rng(5), batch_size, (1500, 600)).astype(np.float32)
    for n in (200, 600):
        measured = 100 * np.mean(shapiro_wilk(noise[:, :n]).pvalue >= 0.05)
        predicted = 100 * predicted_pass_rate(skewness, kurtosis, batch_size, n)
        error = 100 * np.sqrt(0.25 / 1500)
        assert abs(predicted - measured) < points + 2 * error


def test_other_levels_and_numbers_of_batches_keep_the_ceiling() -> None:
    for n in (3, 12, 77, 5000):
        for level in (0.001, 0.05, 0.3):
            assert predicted_pass_rate(0, 0, 8, n, level) == pytest.approx(1 - level)
    assert np.isnan(predicted_pass_rate(np.nan, 0, 8, 200))
    with pytest.raises(ValueError, match="n: found 2"):
        predicted_pass_rate(0, 0, 8, 2)
    with pytest.raises(ValueError, match="significance"):
        predicted_pass_rate(0, 0, 8, 200, 1.0)


def test_cumulants_without_replacement_agree_with_all_subsets() -> None:
    values = np.random.default_rng(2).gamma(0.7, size=14)
    size = 5
    means = np.array([np.mean(each) for each in combinations(values, size)])
    skewness, kurtosis = finite_population(stats.skew(values), stats.kurtosis(values), size, 14)
    assert stats.skew(means) == pytest.approx(skewness / np.sqrt(size))
    assert stats.kurtosis(means) == pytest.approx(kurtosis / size)


def test_lattices_fail_through_their_ties() -> None:
    coin = np.repeat([0.0, 1.0], 500)
    random = np.random.default_rng(0)
    assert lattice_pass_rate(coin, 64, 600, 0.05, random) <= 0.05
    assert lattice_pass_rate(coin, 64, 200, 0.05, random) == pytest.approx(0.71, abs=0.15)


def test_values_are_classed_by_what_their_means_look_like() -> None:
    random = np.random.default_rng(0)
    columns = np.zeros((1000, 4), np.float32)
    columns[:, 0] = random.standard_normal(1000)
    columns[:, 1] = random.integers(0, 2, 1000)
    columns[:20, 2] = random.standard_normal(20)
    found = frequencies(columns)
    np.testing.assert_array_equal(found.distinct[[0, 1, 3]], [1000, 2, 1])
    assert found.largest_share[2] == pytest.approx(0.98)
    expected = [Values.CONTINUOUS, Values.LATTICE, Values.SPARSE, Values.DEAD]
    np.testing.assert_array_equal(classify_values(found, 16), expected)
    assert classify_values(found, 1000)[2] == Values.CONTINUOUS


DESIGN = Design([16, 64], [100, 200], 4, "with_replacement", 0.05, 3)


def test_held_out_batches_pass_as_the_other_half_predicts() -> None:
    random = np.random.default_rng(1)
    shape = np.exp(random.uniform(-2.5, 1.5, 150))
    gradients = (random.gamma(shape, size=(4000, 150)) - shape).astype(np.float32)
    found = held_out(gradients, DESIGN, "weight")
    rows = summarise(found, DESIGN)
    assert len(rows) == 2 * 2 * 4
    for size in DESIGN.batch_sizes:
        for n in DESIGN.batches:
            cell = rows[(rows["batch_size"] == size) & (rows["batches"] == n)]
            gap = cell["measured_percentage"].mean() - cell["predicted_percentage"].mean()
            assert abs(gap) < 6
            assert cell["spearman"][0] > 0.5
    bins = calibration(found, DESIGN)
    assert bins["count"].sum() == 4 * 150
    full = bins[bins["count"] > 40]
    assert np.abs(full["predicted_percentage"] - full["measured_percentage"]).max() < 15


def test_predictions_do_not_depend_on_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    gradients = np.random.default_rng(1).gamma(0.5, size=(500, 140)).astype(np.float32)
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        found.append(held_out(gradients, DESIGN, "weight"))
    np.testing.assert_array_equal(found[0].passed, found[1].passed)
    np.testing.assert_array_equal(found[0].predicted, found[1].predicted)


def test_noise_scale_is_that_of_the_law_with_an_honest_error() -> None:
    random, errors = np.random.default_rng(0), []
    for _ in range(60):
        gradients = (0.5 + random.standard_normal((2000, 20))).astype(np.float32)
        found = noise_scale(gradients)
        errors.append((found.value - 4.0) / found.standard_error)
    assert abs(np.mean(errors)) < 0.5
    assert np.std(errors) == pytest.approx(1, abs=0.35)


def test_rank_correlations_agree_with_scipy() -> None:
    random = np.random.default_rng(4)
    x, y = random.integers(0, 6, (2, 40))
    z = x + random.normal(size=40)
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)
    both = np.corrcoef([stats.rankdata(v) for v in (x, y, z)])
    partial = (both[0, 1] - both[0, 2] * both[1, 2]) / np.sqrt(
        (1 - both[0, 2] ** 2) * (1 - both[1, 2] ** 2)
    )
    assert spearman(x, y, [z]) == pytest.approx(partial)
    assert permutation_pvalue([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]) == pytest.approx(2 / 120)
    assert np.isnan(spearman([1, 1, 1, 1], [1, 2, 3, 4]))


@pytest.fixture
def stores(tmp_path):
    """Gradients, moments and a Gaussianity file of one small layer."""
    random = np.random.default_rng(0)
    gradients = random.gamma(0.5, size=(600, 30)).astype(np.float32)
    gradients[:, 3] = 1.5
    root = zarr.open_group(tmp_path / "gradients.zarr", mode="w")
    group = root.create_group("w.weight")
    arrays.create_array(group, "gradient", (600, 30), (600, 30), None, ["sample", "coordinate"])[
        ...
    ] = gradients
    arrays.put_array(group, "coordinate", np.arange(30), ["coordinate"])
    root.attrs.update(strategy="per_sample", sample_count=600)
    arrays.seal(root)
    moments = zarr.open_group(tmp_path / "moments.zarr", mode="w")
    group = moments.create_group("w.weight")
    centred = gradients - gradients.mean(axis=0, dtype=np.float64)
    for name, values in {
        "mean": gradients.mean(axis=0, dtype=np.float64),
        "variance": (centred**2).mean(axis=0),
        "third_absolute": np.abs(centred**3).mean(axis=0),
        "third": (centred**3).mean(axis=0),
        "fourth": (centred**4).mean(axis=0),
    }.items():
        arrays.put_array(group, name, values, ["coordinate"])
    moments.attrs.update(strategy="per_sample", sample_count=600)
    arrays.seal(moments)
    with h5py.File(tmp_path / "w.weight.h5", "w") as file:
        file.attrs.update(layer="w", parameter="w.weight", kind="weight")
        file["coordinates/pvalue"] = random.random((2, 1, 3, 30))
        file["coordinates/index"] = np.arange(30)
    return tmp_path


SETTINGS = (
    '{"parameter": "w.weight", "batch_sizes": [8, 32], "batches": [50], "repeats": 3, '
    '"significance": 0.05, "sampling": "with_replacement", "seed": 1, "exact_coordinates": 12, '
    '"distance": 0.01, "share": 0.9}'
)


def run_stage(folder) -> None:
    paths = [folder / name for name in ("gradients.zarr", "moments.zarr", "w.weight.h5")]
    flags = ("--gradients", "--moments", "--gaussianity")
    given = [part for pair in zip(flags, paths, strict=True) for part in pair]
    call("clt", "--settings", SETTINGS, *given, "--output", folder / "clt.h5")


def test_the_stage_writes_bounds_exact_distances_and_predictions(stores) -> None:
    run_stage(stores)
    with h5py.File(stores / "clt.h5") as file:
        summary = file["summary"][...]
        assert summary["violations"].sum() == 0
        assert (summary["exact_q50"] < summary["bound_q50"]).all()
        assert len(file["prediction"]) == 2 * 3
        assert file.attrs["noise_scale"] > 0
        assert file.attrs["rho_q05"] >= 1
        assert np.isnan(file["coordinates/rho"][3])
        assert file["coordinates/value_class"][0, 3] == Values.DEAD


def test_without_stored_gradients_the_stage_says_what_moments_allow(stores) -> None:
    root = zarr.open_group(stores / "gradients.zarr", mode="w")
    root.attrs.update(strategy="per_batch", sample_count=600)
    arrays.seal(root)
    run_stage(stores)
    with h5py.File(stores / "clt.h5") as file:
        assert "prediction" not in file
        assert file["summary"]["exact_count"].sum() == 0
        assert np.isfinite(file["summary"]["bound_q50"]).all()
