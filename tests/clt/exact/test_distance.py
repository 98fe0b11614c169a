"""Exact distances of mini-batch means to the Gaussian, and the batch size at which they are small."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import stats
from torch import nn

from example_laws import convolved, enumerated
from gradnoise.clt.exact import distance
from gradnoise.clt.exact.distance import SMOOTH_FROM, TOLERANCE, Law, exact_ks
from gradnoise.gradients import per_sample_gradients

QUANTILES = (np.arange(20_000) + 0.5) / 20_000


def binomial_distance(p: float, batch_size: int) -> float:
    counts = np.arange(batch_size + 1)
    below = stats.binom(batch_size, p).cdf(counts)
    deviation = np.sqrt(batch_size * p * (1 - p))
    normal = stats.norm.cdf((counts - batch_size * p) / deviation)
    return max(np.abs(below - normal).max(), np.abs(np.r_[0, below[:-1]] - normal).max())


@pytest.mark.parametrize("batch_size", [16, 64, 256, 1024])
def test_exponential_values_have_the_distance_of_the_gamma_law(batch_size: int) -> None:
    # A list of quantiles lacks the law's far tail, and with it a little of its skewness.
    grid = np.linspace(-8, 8, 100_001)
    law = stats.gamma(batch_size).cdf(batch_size + grid * np.sqrt(batch_size))
    expected = np.abs(law - stats.norm.cdf(grid)).max()
    assert exact_ks(-np.log1p(-QUANTILES), batch_size) == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize("p", [0.5, 0.4189, 0.01, 0.99])
@pytest.mark.parametrize("batch_size", [1, 16, 64, 1024])
def test_two_values_have_the_binomial_distance_to_rounding(p: float, batch_size: int) -> None:
    values = np.zeros(10_000)
    values[: round(p * 10_000)] = 1
    assert exact_ks(values, batch_size) == pytest.approx(binomial_distance(p, batch_size), abs=1e-9)


def test_the_worst_case_of_the_theorem_is_attained() -> None:
    p = 0.4189
    values = np.zeros(10_000)
    values[: round(p * 10_000)] = 1
    rho = (p**2 + (1 - p) ** 2) / np.sqrt(p * (1 - p))
    assert exact_ks(values, 1024) * 32 / rho == pytest.approx(0.4096, abs=2e-4)


def test_whole_numbers_agree_with_direct_convolution() -> None:
    values = np.array([0, 0, 1, 4, 4, 9])
    law, single = np.ones(1), np.bincount(values) / len(values)
    for _ in range(20):
        law = np.convolve(law, single)
    points = (np.arange(law.size) - 20 * values.mean()) / (values.std() * np.sqrt(20))
    normal, upper = stats.norm.cdf(points), np.cumsum(law)
    expected = max(np.abs(upper - normal).max(), np.abs(upper - law - normal).max())
    assert exact_ks(values, 20) == pytest.approx(expected, abs=1e-9)


def test_mostly_equal_values_keep_the_jump_of_silent_batches() -> None:
    random = np.random.default_rng(0)
    values = np.zeros(10_000)
    values[:500] = random.standard_normal(500)
    drawn = values[random.integers(0, 10_000, (100_000, 16))].sum(axis=1)
    standard = (drawn - 16 * values.mean()) / (values.std() * 4)
    distinct, counts = np.unique(standard, return_counts=True)
    upper, normal = np.cumsum(counts) / 100_000, stats.norm.cdf(distinct)
    jumps = counts / 100_000
    expected = max(np.abs(upper - normal).max(), np.abs(upper - jumps - normal).max())
    assert exact_ks(values, 16) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("atoms", [2, 3, 4])
@pytest.mark.parametrize("kind", ["anywhere", "whole numbers", "nearly whole numbers"])
def test_few_values_have_the_distance_of_every_multinomial_outcome(atoms: int, kind: str) -> None:
    random = np.random.default_rng([atoms, len(kind)])
    largest = {2: 200, 3: 200, 4: 40}[atoms]
    for _ in range(12):
        batch_size = int(random.integers(1, largest + 1))
        values = random.choice(np.arange(-9.0, 10), atoms, replace=False)
        if kind != "whole numbers":
            values += {"anywhere": 1.0, "nearly whole numbers": 1e-4}[kind] * random.random(atoms)
        counts = random.integers(1, 200, atoms)
        found = Law(np.repeat(values, counts)).distance(batch_size)
        off = abs(found.distance - enumerated(values, counts, batch_size))
        assert off < 1e-4
        assert off <= found.error_bound + 1e-9


def test_many_whole_numbers_have_the_distance_of_repeated_convolution() -> None:
    random = np.random.default_rng(5)
    for _ in range(20):
        top, batch_size = int(random.integers(5, 300)), int(random.integers(1, 200))
        counts = random.integers(0, 30, top) * (random.random(top) < 0.5)
        counts[[0, -1]] = 1
        values = np.repeat(np.arange(top, dtype=float), counts)
        expected = convolved(counts, batch_size)
        assert exact_ks(values, batch_size) == pytest.approx(expected, abs=1e-6)


def finely_rounded(values: NDArray[np.float64], batch_size: int, points: int = 1 << 21) -> float:
    """Distance by squaring a law on so many points, its values rounded to them."""
    standard = (values - values.mean()) / values.std()
    # Room for sums within twelve deviations, or with four draws of the most extreme value.
    reach = 12 * np.sqrt(batch_size) + min(4, batch_size) * np.abs(standard).max()
    step = 2 * min(reach, batch_size * np.abs(standard).max() + 1) / points
    index = np.round(standard / step).astype(np.int64)
    shift = batch_size * (standard - index * step).mean()
    spectrum = np.fft.fft(np.bincount(index % points, minlength=points) / values.size)
    law = np.fft.fftshift(np.fft.ifft(spectrum**batch_size).real)
    places = (np.arange(-(points // 2), points // 2) * step + shift) / np.sqrt(batch_size)
    upper, normal = np.cumsum(law), stats.norm.cdf(places)
    return float(max(np.abs(upper - normal).max(), np.abs(upper - law - normal).max()))


SHAPES = {
    "smooth": lambda random, n: random.gamma(0.5, size=n),
    "heavy tails": lambda random, n: random.standard_normal(n) ** 3,
    "silent in 70 %": lambda random, n: np.where(
        random.random(n) < 0.7, 0, random.standard_normal(n)
    ),
    "silent in 97 %": lambda random, n: np.where(
        random.random(n) < 0.97, 0, random.standard_normal(n) ** 3
    ),
    "clusters": lambda random, n: random.integers(0, 2, n) + 1e-4 * random.standard_normal(n),
    "three clusters": lambda random, n: (
        np.array([0, 1, np.e])[random.integers(0, 3, n)] + 1e-5 * random.standard_normal(n)
    ),
    "lattice, blurred": lambda random, n: (
        np.round(random.standard_normal(n) * 50) / 50 + 1e-6 * random.standard_normal(n)
    ),
    "lattice": lambda random, n: np.round(random.standard_normal(n) * 300) / 300,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("batch_size", [2, 4, 16, 64])
def test_every_shape_has_the_distance_of_its_finely_rounded_law(
    shape: str, batch_size: int
) -> None:
    values = SHAPES[shape](np.random.default_rng(6), 4000)
    expected = finely_rounded(values, batch_size)
    law = Law(values)
    for relative in (0.0, 0.01):
        found = law.distance(batch_size, relative)
        allowed = max(TOLERANCE, relative * expected)
        assert found.error_bound <= allowed
        assert found.distance == pytest.approx(expected, abs=found.error_bound + 5e-5)


@pytest.fixture(scope="module")
def fitted_gradients() -> NDArray[np.float64]:
    """Gradients of 1,500 samples, of a fitted network: a weight of each layer, and a bias, as (3, 1500)."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        targets = torch.randint(0, 3, (1500,))
        inputs = torch.randn(1500, 6) + 1.2 * torch.randn(3, 6)[targets]
        model = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 3))
        optimizer = torch.optim.Adam(model.parameters(), 0.02)
        for _ in range(60):
            optimizer.zero_grad()
            F.cross_entropy(model(inputs), targets).backward()
            optimizer.step()
        chosen = {"0.weight": [7], "2.weight": [20], "2.bias": [1]}
        rows = per_sample_gradients(model, F.cross_entropy, inputs, targets, chosen)
    return np.concatenate(list(rows.values()), axis=1).T.astype(np.float64)


@pytest.mark.parametrize("batch_size", [3, 20, 150])
def test_gradients_of_a_fitted_network_have_the_distance_of_their_finely_rounded_laws(
    fitted_gradients: NDArray[np.float64], batch_size: int
) -> None:
    assert (fitted_gradients[0] == 0).mean() > 0.1  # a unit that is silent for some samples
    for values in fitted_gradients:
        coarse, fine = (finely_rounded(values, batch_size, 1 << power) for power in (19, 20))
        assert abs(coarse - fine) < 2e-5  # what rounding does at all
        assert exact_ks(values, batch_size) == pytest.approx(fine, abs=1e-4)


def test_a_smooth_law_goes_the_cheap_way_and_clusters_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the fine lattice was used")

    monkeypatch.setattr(Law, "_refined", refuse)
    random = np.random.default_rng(7)
    Law(random.standard_normal(5000)).distance(16)
    Law(SHAPES["silent in 70 %"](random, 5000)).distance(64)
    for shape in ("clusters", "lattice, blurred"):
        with pytest.raises(AssertionError, match="fine lattice"):
            Law(SHAPES[shape](random, 5000)).distance(16)
    with pytest.raises(AssertionError, match="fine lattice"):
        Law(random.standard_normal(5000)).distance(SMOOTH_FROM - 1)


def test_where_the_bound_cannot_be_reached_the_distance_is_not_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(distance, "LONGEST", 1 << 12)
    values = SHAPES["clusters"](np.random.default_rng(8), 1000)
    with pytest.warns(RuntimeWarning, match="batch size 64: no more is known than"):
        assert np.isnan(exact_ks(values, 64))


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_neither_scale_nor_location_matters(factor: float) -> None:
    values = np.random.default_rng(1).gamma(1.0, size=2000)
    expected = exact_ks(values, 64)
    assert exact_ks(factor * values, 64) == pytest.approx(expected, rel=1e-6)
    assert exact_ks(values + 1e4, 64) == pytest.approx(expected, rel=1e-4)


def test_constant_values_have_no_distance_and_bad_input_is_named() -> None:
    assert np.isnan(exact_ks([2.0, 2.0, 2.0], 8))
    with pytest.raises(ValueError, match="batch_size: found 0"):
        exact_ks([1.0, 2.0], 0)
    with pytest.raises(ValueError, match=r"batch_size: found 2\.5"):
        exact_ks([1.0, 2.0], 2.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not finite"):
        exact_ks([1.0, np.nan], 4)
    with pytest.raises(ValueError, match="complex"):
        exact_ks([1.0, 2j], 4)


def test_masked_values_are_no_values() -> None:
    values = np.ma.masked_greater([0.0, 1.0, 5.0, 1.0], 2)
    assert exact_ks(values, 3) == exact_ks([0.0, 1.0, 1.0], 3)
