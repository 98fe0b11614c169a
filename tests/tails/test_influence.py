import tracemalloc

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from gradnoise.draws.batches import Draws
from gradnoise.tails.growth import growth
from gradnoise.tails.influence import (
    GAUSSIAN_FOURTH,
    GAUSSIAN_THIRD,
    by_class,
    extreme_samples,
    extreme_shares,
    influence,
)

N = 2000


def gradients(seed: int = 0) -> np.ndarray:
    """(2000, 12): Gaussian, samples 7, 70 and 700 forty deviations out everywhere; coordinate 3 dead."""
    values = np.random.default_rng(seed).standard_normal((N, 12))
    values[[7, 70, 700]] += 40
    values[:, 3] = 0.1
    return (1e-6 * values).astype(np.float32)


def test_shares_of_gaussian_gradients() -> None:
    bound = norm.ppf(0.995)
    third, fourth = (quad(lambda z, p=p: 2 * z**p * norm.pdf(z), bound, 12)[0] for p in (3, 4))
    assert pytest.approx(third / np.sqrt(8 / np.pi), abs=1e-5) == GAUSSIAN_THIRD
    assert pytest.approx(fourth / 3, abs=1e-5) == GAUSSIAN_FOURTH
    found = influence(np.random.default_rng(0).standard_normal((10_000, 40)))
    assert found.third.mean() == pytest.approx(GAUSSIAN_THIRD, abs=0.003)
    assert found.fourth.mean() == pytest.approx(GAUSSIAN_FOURTH, abs=0.005)
    assert found.top_share < 0.05


def test_shares_by_hand() -> None:
    values = gradients()
    found = influence(values)
    for c in (0, 11):
        z = values[:, c].astype(float) - values[:, c].astype(float).mean()
        top = np.argsort(np.abs(z))[-20:]
        assert found.third[c] == pytest.approx((np.abs(z[top]) ** 3).sum() / (np.abs(z) ** 3).sum())
        assert found.third_signed[c] == pytest.approx((z[top] ** 3).sum() / (z**3).sum())
        assert found.fourth[c] == pytest.approx((z[top] ** 4).sum() / (z**4).sum())
    assert np.isnan(found.fourth[3])


def test_samples_that_make_the_tails_are_found() -> None:
    found = influence(gradients())
    assert sorted(found.top[:3].tolist()) == [7, 70, 700]
    assert found.top.size == 24
    assert found.weight.sum() == pytest.approx(1)
    assert found.top_share > 0.99
    lowest_and_highest = extreme_samples(gradients()[:, 0], 6)
    assert sorted(lowest_and_highest[3:].tolist()) == [7, 70, 700]
    assert gradients()[lowest_and_highest[0], 0] == gradients()[:, 0].min()


def test_extremes_of_the_noise_are_due_to_them() -> None:
    values = gradients()
    draws = Draws(1, 2, "with_replacement", N)
    shares, usual = extreme_shares(values, draws, [16, 64], 300)
    assert shares.shape == usual.shape == (2, 12)
    assert np.isnan(shares[:, 3]).all()
    live = np.delete(shares, 3, axis=1)
    assert np.all(live[0] > 0.9)
    assert np.all(live[1] > 0.7)
    # By hand: the three batches of coordinate 0 that are furthest out.
    z = values[:, 0].astype(float)
    z -= z.mean()
    top = np.zeros(N)
    top[np.argsort(np.abs(z))[-20:]] = 1
    batches = draws.batches(16, 0, 300)
    noise = z[batches].mean(axis=1)
    furthest = np.argsort(-np.abs(noise))[:3]
    due = (z * top)[batches].mean(axis=1) * np.sign(noise)
    expected = due[furthest].sum() / np.abs(noise[furthest]).sum()
    assert shares[0, 0] == pytest.approx(expected, rel=1e-4)
    assert usual[0, 0] == pytest.approx(due.sum() / np.abs(noise).sum(), rel=1e-4)


def test_gaussian_extremes_are_hardly_due_to_top_samples() -> None:
    values = np.random.default_rng(1).standard_normal((N, 30)).astype(np.float32)
    shares, _ = extreme_shares(values, Draws(1, 1, "with_replacement", N), [64], 300)
    assert shares.mean() < 0.25


def test_classes_share_the_influence() -> None:
    found = influence(gradients())
    targets = np.arange(N) % 3
    rows = by_class(found.weight, found.top, targets, ["a", "b", "c"])
    assert rows["name"].tolist() == [b"a", b"b", b"c"]
    np.testing.assert_allclose(rows["share_samples"], 1 / 3, atol=1e-3)
    assert rows["share_weight"].sum() == pytest.approx(1)
    for label in range(3):
        of_class = [found.weight[i] for i in (7, 70, 700) if i % 3 == label]
        assert rows["share_weight"][label] == pytest.approx(sum(of_class), abs=0.01)
    assert rows["share_top"].sum() == pytest.approx(1)


def test_classes_of_unequal_size_by_hand() -> None:
    """A tenth, three tenths and the rest of the samples; weights and top samples are others in each."""
    targets = np.digitize(np.arange(N) % 10, [1, 4])
    weight = np.random.default_rng(2).gamma(0.3, size=N)
    weight[targets == 0] *= 5
    weight /= weight.sum()
    top = np.argsort(-weight)[:20]
    rows = by_class(weight, top, targets, ["few", "some", "most"])
    assert rows["label"].tolist() == [0, 1, 2]
    assert rows["share_samples"] == pytest.approx([0.1, 0.3, 0.6])
    for label in range(3):
        assert rows["share_weight"][label] == pytest.approx(weight[targets == label].sum())
        assert rows["share_top"][label] == pytest.approx(np.mean(targets[top] == label))
    assert len({*rows["share_top"], *rows["share_weight"]}) == 6


def test_the_signed_share_may_be_negative_or_above_one() -> None:
    """Of 200 samples the top two are at either end."""
    values = np.concatenate([np.linspace(-1, 1.4, 198), [-9.0, 7.0]])[:, None]
    found = influence(np.hstack([values, -values, np.ones_like(values)]))
    z = values[:, 0] - values.mean()
    signed = (z[198] ** 3 + z[199] ** 3) / (z**3).sum()
    assert found.third_signed[:2] == pytest.approx([signed, signed])
    assert found.third[0] == pytest.approx(np.abs(z[198:] ** 3).sum() / np.abs(z**3).sum())
    # Only what varies shares the weight.
    assert found.weight == pytest.approx(z**4 / (z**4).sum())
    assert found.top_share == pytest.approx(found.weight[198:].sum())


def test_samples_are_looked_at_some_columns_at_a_time():
    """No second copy of the gradients: at 50,000 samples and 256 columns one takes 50 MB."""
    random = np.random.default_rng(0)
    columns = random.standard_normal((10_000, 256)).astype(np.float32)
    draws, sizes = Draws(0, 1, "with_replacement", 10_000), [4, 16]
    growth(columns[:, :2], 0)
    extreme_shares(columns[:, :2], draws, sizes, 50)
    for look in (
        lambda: growth(columns, 0),
        lambda: influence(columns),
        lambda: extreme_shares(columns, draws, sizes, 50),
    ):
        tracemalloc.start()
        look()
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert held < 0.7 * columns.nbytes


def test_blocks_of_columns_change_no_share(monkeypatch):
    columns, draws = gradients()[:, :5], Draws(0, 1, "with_replacement", N)
    whole = extreme_shares(columns, draws, [4, 16], 50)
    monkeypatch.setattr("gradnoise.tails.influence.TILE", 2)
    blocks = extreme_shares(columns, draws, [4, 16], 50)
    assert np.array_equal(whole, blocks, equal_nan=True)
