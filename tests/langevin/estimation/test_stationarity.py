"""Whether a trajectory is stationary: false alarms, power, and what each test sees."""

import math

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from example_descents import heavy_ball
from gradnoise.langevin.estimation.projection_fits import fit_projections
from gradnoise.langevin.estimation.stationarity import SHIFT, Stationarity, holm, stationarity

REPLICAS = 4


def columns(steps: int, count: int, relaxation: float, momentum: float = 0.0) -> np.ndarray:
    """Stationary columns, (count, replicas, steps)."""
    return heavy_ball(steps, count * REPLICAS, relaxation, momentum).T.reshape(
        count, REPLICAS, steps
    )


@pytest.mark.parametrize(
    ("steps", "relaxation", "momentum"),
    [(2000, 0.75, 0.0), (3000, 0.1, 0.0), (3000, 0.2, 0.9), (6000, 0.02, 0.0)],
)
def test_a_stationary_law_is_called_unsteady_in_one_case_of_twenty(
    steps: int, relaxation: float, momentum: float
) -> None:
    found = [stationarity(rows) for rows in columns(steps, 300, relaxation, momentum)]
    alarms = np.array([[*each.pvalues, each.pvalue] for each in found]) < 0.05
    # Binomial: 0.05 with a standard error of 0.0126.
    assert np.all(alarms.mean(axis=0) < 0.05 + 3 * 0.0126)
    assert np.all(alarms[:, :4].mean(axis=0) > 0.05 - 3 * 0.0126)


def test_drifts_are_standard_scores() -> None:
    found = [stationarity(rows) for rows in columns(4000, 300, 0.1)]
    scores = np.array([each[:2] for each in found])
    assert scores.std(axis=0) == pytest.approx(1, abs=0.13)
    assert np.abs(scores.mean(axis=0)).max() < 0.2


def test_each_test_sees_its_own_kind() -> None:
    rows = columns(4000, 1, 0.2)[0]
    growing, apart = np.linspace(0, 1, 4000), np.arange(REPLICAS)[:, None] / REPLICAS
    deviation = rows.std()
    changed = {
        0: rows + deviation * growing,
        1: rows * (1 + growing),
        2: rows + deviation * apart,
        3: rows * (1 + apart),
    }
    assert min(stationarity(rows).pvalues) > 0.01
    for test, made in changed.items():
        found = stationarity(made).pvalues
        assert found[test] < 1e-4
        assert found[test] == min(found)


def test_power_is_the_share_of_shifts_found() -> None:
    relaxation, steps, level = 0.03, 4500, 0.05
    rows = columns(steps, 300, relaxation)
    shift = SHIFT / math.sqrt(1 - (1 - relaxation) ** 2)
    moved = rows + shift * (np.arange(steps) >= steps - steps // 3)
    found = [stationarity(each) for each in moved]
    share = np.mean([each.mean_drift_pvalue < level / 4 for each in found])
    still = [stationarity(each) for each in rows]
    power = np.mean([each._replace(variance_shift_error=1e-9).power(level) for each in still])
    assert 0.3 < power < 0.95
    assert share == pytest.approx(power, abs=0.1)
    assert np.mean([each.power(level) for each in still]) < power
    assert np.mean([each.power(level / 20) for each in still]) < power / 1.5


def test_what_is_too_short_or_constant_is_not_tested() -> None:
    # A correlation time of 99 steps: windows of 496 steps, of which half a third holds none.
    (rows,) = columns(1500, 1, 0.02)
    assert math.isnan(stationarity(rows).pvalue)
    # Long enough, but a single replica with fewer than ten windows.
    (rows,) = columns(3000, 1, 0.02)
    assert math.isnan(stationarity(rows[:1]).pvalue)
    assert not math.isnan(stationarity(rows).pvalue)
    assert math.isnan(stationarity(np.zeros((2, 100))).pvalue)


def test_a_single_replica_is_compared_with_itself() -> None:
    found = stationarity(columns(4000, 1, 0.3)[0][:1])
    assert len(found.pvalues) == 2
    assert found.pvalue == min(1, 2 * min(found.pvalues))


def test_all_tests_together_are_bonferronis() -> None:
    made = Stationarity(0.0, 0.0, 0.3, 0.02, 0.5, 0.9, 0.1, 0.1, 50.0)
    assert made.pvalue == pytest.approx(0.08)


def test_holms_adjustment_is_statsmodels() -> None:
    given = np.array([0.01, 0.2, 0.03, 0.004, 0.9])
    assert holm(given) == pytest.approx(multipletests(given, method="holm")[1])
    with_nothing = holm(np.insert(given, 2, np.nan))
    assert math.isnan(with_nothing[2])
    assert np.delete(with_nothing, 2) == pytest.approx(holm(given))
    assert holm([math.nan]).tolist() == pytest.approx([math.nan], nan_ok=True)


def test_fits_adjust_for_the_number_of_columns() -> None:
    rows = np.moveaxis(columns(2000, 5, 0.3), 0, -1)
    found = fit_projections(rows)
    alone = [stationarity(rows[..., i] - rows[..., i].mean()).pvalue for i in range(5)]
    assert found.stationarity_pvalue == pytest.approx(holm(alone))
    power = stationarity(rows[..., 0]).power(0.05 / 5)
    assert found.stationarity_power[0] == pytest.approx(power)
