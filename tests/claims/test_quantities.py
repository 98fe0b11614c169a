"""From tables to components."""

import numpy as np
import pandas as pd
import pytest

from example_claims import evidence, rising
from gradnoise.claims.evidence import NotTestableError
from gradnoise.claims.quantities import Cell, Contrast, Quantity, alike, compare, repeated
from gradnoise.claims.scheme.alike import estimate_alike
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, NETWORKS

VALUES = np.random.default_rng(5).normal([1, 2, 4, 8], 1.5, (3, 4, 4))
INDEX = pd.MultiIndex.from_product([(7, 8, 9), (1, 2, 3, 4)], names=["seed", "repeat"])


def quantities() -> list[Quantity]:
    flat = VALUES.reshape(12, 4)
    return [
        Quantity(label=str(k), values=pd.Series(flat[:, k], INDEX).sample(frac=1, random_state=k))
        for k in range(4)
    ]


@pytest.mark.parametrize("scope", [ARCHITECTURE, NETWORKS])
def test_quantities_of_one_kind_share_what_their_variances_are(scope):
    found, expected = alike(quantities(), scope), estimate_alike(VALUES, scope)
    assert [part.label for part in found] == ["0", "1", "2", "3"]
    assert [part.value for part in found] == pytest.approx(expected.value.tolist())
    assert [part.error for part in found] == pytest.approx(expected.error.tolist())
    assert [part.degrees for part in found] == pytest.approx(expected.degrees.tolist())


def test_other_quantities_have_students_interval():
    part = repeated(quantities()[2:3], ARCHITECTURE)[0]
    seeds = VALUES[..., 2].mean(axis=1)
    assert (part.value, part.error) == pytest.approx((seeds.mean(), seeds.std(ddof=1) / 3**0.5))
    assert part.degrees == 2


@pytest.mark.parametrize("measure", [alike, repeated])
def test_two_repeats_decide_nothing(measure):
    few = [
        Quantity(label=one.label, values=one.values[one.values.index.get_level_values(1) < 3])
        for one in quantities()
    ]
    with pytest.raises(NotTestableError, match="needs 3 repeats of the draws"):
        measure(few, NETWORKS)
    assert len(measure(few, ARCHITECTURE)) == 4


def test_contrasts_have_the_bounds_of_percentages():
    run = evidence(rising)
    contrast = Contrast(label="x", cells={Cell("conv1", 64): 1.0, Cell("conv2", 64): -0.5}, least=0)
    (part,) = compare(run, [contrast], NETWORKS, 200)
    assert (part.lowest, part.highest) == (-50.0, 100.0)
    assert part.value == pytest.approx(80 - 20, abs=0.3)


def test_a_percentage_that_does_not_exist_has_no_value():
    run = evidence(rising)
    run.rows.loc[run.rows["layer"] == "conv2", "percentage_gaussian"] = np.nan
    there = Contrast(label="there", cells={Cell("conv1", 64): 1.0})
    missing = Contrast(label="missing", cells={Cell("conv1", 64): 1.0, Cell("conv2", 64): -1.0})
    first, second = compare(run, [there, missing], NETWORKS, 200)
    assert first.value == pytest.approx(80, abs=0.3)
    assert np.isnan([second.value, second.error]).all()
