"""Declarations of arrays and columns."""

from gradnoise.store.variables import Variable, quantile_names, quantile_variables


def test_quantiles_of_a_variable_keep_its_units_and_say_which_they_are():
    found = quantile_variables(Variable("reach", "where it is reached", "samples", ("coordinate",)))
    assert [each.name for each in found] == quantile_names("reach")
    assert found[0].name == "reach_q05"
    assert found[-1] == Variable(
        "reach_q95", "where it is reached: 95 % quantile over coordinates", "samples"
    )
