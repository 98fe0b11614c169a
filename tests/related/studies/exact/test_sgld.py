import numpy as np
import pytest

from gradnoise.related.studies.exact import sgld
from gradnoise.related.studies.exact.sgld import predicted_variance, run, samples, simulate
from gradnoise.related.study import Settings


def test_with_replacement_both_noises_add_up() -> None:
    # (eta c + 2 T) / (h (2 - eta h)) with c = 3 / 4, T = 0.01, h = 1
    assert predicted_variance(0.5, "with", 3.0) == pytest.approx((0.5 * 0.75 + 0.02) / 1.5)


def test_without_replacement_only_the_heat_is_left_where_the_samples_agree() -> None:
    assert predicted_variance(0.5, "without", 0.0) == pytest.approx(0.02 / 1.5)
    heat = predicted_variance(0.1, "without", 0.0)
    added = [predicted_variance(0.1, scheme, 1.0) - heat for scheme in sgld.SCHEMES]
    assert added[1] < 0.25 * added[0]


def test_sample_gradients_have_the_stated_moments() -> None:
    values = samples(Settings(seed=4))
    assert values.mean() == pytest.approx(0, abs=1e-14)
    assert values.var() == pytest.approx(1)
    assert len(set(values)) == sgld.SAMPLES


@pytest.mark.parametrize("scheme", sgld.SCHEMES)
@pytest.mark.parametrize("rate", sgld.RATES)
def test_simulation_meets_the_closed_form(rate: float, scheme: str) -> None:
    values = simulate(Settings(seed=1, repeats=12), rate, scheme)
    error = values.std(ddof=1) / np.sqrt(12)
    expected = predicted_variance(rate, scheme, 1.0)
    assert error < 0.02 * expected
    assert abs(values.mean() - expected) < 4.5 * error


def test_rows_hold_the_excess_of_the_loss() -> None:
    found = run(Settings(seed=3, repeats=3, length=0.1))
    (row,) = (
        each
        for each in found.rows
        if each.quantity.startswith("mean loss above T / 2, with repl")
        and each.quantity.endswith("0.5")
    )
    assert row.measured == pytest.approx((found.arrays["variance"][0, 2].mean() - 0.01) / 2)
