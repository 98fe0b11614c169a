"""From components to a verdict."""

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.decision import each, every, holm, some


def part(label: str, value: float, **range_: float) -> Component:
    """One with standard error 1: certainly beyond 0 at 1.96."""
    return Component(label, value, 1.0, **(range_ or {"least": 0.0}))


def test_holm_is_that_of_statsmodels():
    random = np.random.default_rng(0)
    for count in (1, 2, 7, 20):
        for _ in range(20):
            pvalues = random.uniform(0, 1, count) ** 4
            expected, *_ = multipletests(pvalues, 0.025, method="holm")
            assert holm(pvalues).tolist() == expected.tolist()


def test_every_needs_each_components_own_interval_and_no_more():
    good = [part(f"layer {k}", 1.97 + 0.01 * k) for k in range(20)]
    decision = every(good)
    assert (decision.verdict, decision.worst) == ("supported", 0)
    assert set(decision.verdicts) == {"supported"}
    nearly = [*good, part("nearly", 1.95)]
    assert every(nearly)[:2] == ("open", 20)


def test_every_is_contradicted_where_one_is_certainly_outside_after_holm():
    good = [part(f"layer {k}", 5.0 + k) for k in range(9)]
    # One-sided 0.025 / 10 = 0.0025 is 2.807 standard errors.
    assert every([*good, part("bad", -2.80)])[:2] == ("open", 9)
    assert every([*good, part("bad", -2.82)])[:2] == ("contradicted", 9)


def test_of_several_outside_the_furthest_is_named():
    decision = every([part("a", -4.0), part("b", -9.0), part("c", 7.0)])
    assert (decision.verdict, decision.worst) == ("contradicted", 1)
    assert decision.verdicts == ("contradicted", "contradicted", "supported")


def test_what_only_refutes_is_not_needed():
    fall = Component("fall", 2.0, 1.0, most=3.0, only_refutes=True)
    decision = every([part("rise", 4.0), fall])
    assert (decision.verdict, decision.worst) == ("supported", 0)
    assert decision.verdicts == ("supported", "open")
    certain = Component("fall", 9.0, 1.0, most=3.0, only_refutes=True)
    assert every([part("rise", 4.0), certain])[:2] == ("contradicted", 1)
    assert every([certain, fall])[:2] == ("contradicted", 0)


def test_each_family_is_corrected_by_itself():
    good = [part(f"layer {k}", 5.0 + k) for k in range(9)]
    alone = replace(part("bad", -1.97), family="other")
    assert every([*good, alone])[:2] == ("contradicted", 9)
    assert every([*good, replace(alone, family="")])[:2] == ("open", 9)


def test_some_differs_is_decided_the_other_way_round():
    def directions(*values: float) -> list[Component]:
        return [part(str(value), value, least=-3.0, most=3.0) for value in values]

    # 2.241 standard errors beyond the margin at 0.025 / 2.
    assert some(directions(0.0, -5.25))[:2] == ("supported", 1)
    assert some(directions(0.0, -5.23))[:2] == ("open", 1)
    # Inside where each one's own interval is: 1.96 from the margin.
    assert some(directions(0.2, 1.03))[:2] == ("contradicted", 1)
    assert some(directions(0.2, 1.05))[:2] == ("open", 1)


def test_of_an_open_claim_that_some_differs_the_likeliest_is_named():
    near = Component("near", 4.5, 1.0, least=-3.0, most=3.0)
    wide = Component("wide", 0.0, 9.0, least=-3.0, most=3.0)
    assert some([wide, near])[:2] == ("open", 1)
    assert every([wide, near])[:2] == ("open", 0)


def test_without_an_interval_nothing_is_decided():
    nothing = Component("x", 9.0, float("nan"), least=0.0)
    assert every([part("good", 9.0), nothing])[:2] == ("open", 1)
    assert some([part("inside", 9.0), nothing])[:2] == ("open", 1)


def test_nothing_to_decide_is_an_error():
    with pytest.raises(ValueError, match="components: found none"):
        each([])
