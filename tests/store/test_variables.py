"""Declarations of arrays and columns."""

import pytest
from scipy import stats

from gradnoise.store.variables import (
    NORMAL,
    QUANTILES,
    Variable,
    quantile_names,
    quantile_variables,
)


def test_quantiles_of_a_variable_keep_its_units_and_say_which_they_are():
    found = quantile_variables(Variable("reach", "where it is reached", "samples", ("coordinate",)))
    assert [each.name for each in found] == quantile_names("reach")
    assert found[0].name == "reach_q05"
    assert found[-1] == Variable(
        "reach_q95", "where it is reached: 95 % quantile over coordinates", "samples"
    )


def test_quantiles_are_named_by_their_percent():
    assert QUANTILES == (5, 25, 50, 75, 95)
    assert quantile_names("x") == ["x_q05", "x_q25", "x_q50", "x_q75", "x_q95"]


def test_an_interval_of_known_error_covers_95_percent():
    assert pytest.approx(stats.norm.ppf(0.975), abs=1e-6) == NORMAL
