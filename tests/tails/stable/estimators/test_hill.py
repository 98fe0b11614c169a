import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, t

from example_stable import check_shift, series
from gradnoise.tails.null import gaussian_null
from gradnoise.tails.stable.estimators.hill import hill_plot
from gradnoise.tails.stable.index import tail_index


def by_hand(values: np.ndarray, count: int) -> float:
    distances = np.sort(np.abs(values - np.median(values)))[::-1]
    return 1 / np.mean([np.log(distances[i] / distances[count]) for i in range(count)])


def of_the_law(law, share: float) -> float:
    """What infinitely many values of a symmetric law give, from its quantiles."""
    threshold = law.isf(share / 2)
    return share / quad(lambda u: np.log(law.isf(u / 2) / threshold), 0, share)[0]


def pareto(alpha: float, shape: tuple[int, int]) -> np.ndarray:
    """Half of the values uniform on (-1, 1), the others a power law beyond, on both sides."""
    random = np.random.default_rng(3)
    uniform = random.uniform(-1, 1, shape)
    beyond = np.sign(uniform) * random.random(shape) ** (-1 / alpha)
    return np.where(random.random(shape) < 0.5, uniform, beyond)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [100, 101, 205, 600])
def test_it_is_the_mean_log_ratio_of_the_largest(n: int, dtype: type) -> None:
    values = np.random.default_rng(n).standard_gamma(1.5, (30, n)).astype(dtype)
    found = tail_index(values, method="hill")
    expected = [by_hand(row, n // 10) for row in values.astype(np.float64)]
    np.testing.assert_allclose(found.alpha, expected, rtol=1e-12)
    assert found.converged.all()
    assert np.isnan(found.scale).all()


@pytest.mark.parametrize("alpha", [0.7, 1.5, 3.0])
def test_power_laws_have_their_index(alpha: float) -> None:
    inverse = 1 / tail_index(pareto(alpha, (2000, 600)), method="hill").alpha
    # Log ratios of a power law are exponential: their mean has no bias, and a known error.
    assert inverse.mean() == pytest.approx(1 / alpha, rel=0.02)
    assert inverse.std() == pytest.approx(1 / (alpha * np.sqrt(60)), rel=0.1)


@pytest.mark.parametrize("law", [norm, t(3), t(1)], ids=["normal", "t(3)", "t(1)"])
def test_known_laws_read_what_their_quantiles_say(law) -> None:
    values = law.rvs(size=(40, 20_000), random_state=1)
    found = hill_plot(values, (400, 2000, 6000))
    expected = [of_the_law(law, share) for share in (0.02, 0.1, 0.3)]
    np.testing.assert_allclose(1 / (1 / found).mean(axis=1), expected, rtol=0.02)


def test_stable_tails_far_out_are_power_laws() -> None:
    values = series(1.5, (40, 20_000))
    far, near = 1 / (1 / hill_plot(values, (100, 2000))).mean(axis=1)
    assert far == pytest.approx(1.5, abs=0.08)
    assert near > 1.55


def test_null_is_that_of_gaussian_series_of_the_same_length() -> None:
    null = gaussian_null(200, ("hill",), seed=0, series=4000)
    assert null.alpha["hill"].mean() == pytest.approx(4.81, abs=0.05)
    assert null.alpha["hill"].std() == pytest.approx(0.98, abs=0.05)


def test_a_shift_changes_nothing() -> None:
    check_shift("hill")


def test_few_values_are_no_tail() -> None:
    values = series(1.5, (2, 100))
    assert tail_index(values, method="hill").converged.all()
    assert not tail_index(values[:, :99], method="hill").converged.any()
    assert np.isfinite(tail_index(values[:, :5], method="hill").alpha).all()


def test_a_tie_at_the_threshold_has_not_converged() -> None:
    values = series(1.5, (200,))
    distances = np.sort(np.abs(values - np.median(values)))
    values[np.abs(values - np.median(values)) == distances[-21]] = (
        np.median(values) + distances[-20]
    )
    assert not tail_index(values, method="hill").converged
    assert not tail_index(np.round(series(2.0, (200,))), method="hill").converged


def test_mostly_one_value_has_no_tail() -> None:
    values = series(2.0, (200,))
    values[15:] = 0.25
    found = tail_index(values, method="hill")
    assert np.isnan(found.alpha)
    assert not found.converged


def test_any_count_within_the_series() -> None:
    values = series(1.5, (3, 50))
    expected = [[by_hand(row, count) for row in values] for count in (24, 25, 49)]
    np.testing.assert_allclose(hill_plot(values, (24, 25, 49)), expected, rtol=1e-12)
    for count in (0, 50):
        with pytest.raises(ValueError, match=rf"found \[{count}\]; accepted: from 1 to 49"):
            hill_plot(values, (count,))
