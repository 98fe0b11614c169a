"""Claims of the related studies: both sides of every kind of range, out of tables made for them."""

import math

import pandas as pd
import pytest

from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.related import CLAIMS
from gradnoise.related.catalogue import modules
from gradnoise.related.conduct import load
from gradnoise.related.study import Row, agreement, measured

BY_NAME = {claim.name: claim for claim in CLAIMS}
SHOWN = measured("only shown", [1000.0, 3000.0])


def decided(*rows: Row, repeats: int = 10, study: str = "sgld"):
    columns = ["study", *Row._fields, "repeats"]
    values = [(study, *row, repeats) for row in (SHOWN, *rows)]
    table = pd.DataFrame([*values, ("implicit_sgd", *SHOWN, 3)], columns=columns)
    return decide(BY_NAME[study], Experiment([], [], {"related_quantities": table}))


def row(value: float, error: float, **limits: float) -> Row:
    return measured("x", 0.0, **limits)._replace(measured=value, error=error, degrees=9.0)


def test_every_study_is_a_claim_with_its_own_words():
    assert set(BY_NAME) == set(modules())
    for name, claim in BY_NAME.items():
        assert claim.statement == load(name).statement


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (1.07, "supported"),  # 2.262 errors of 0.01 are 0.0226
        (1.08, "open"),
        (1.12, "open"),
        (1.13, "contradicted"),
        (0.93, "supported"),
        (0.92, "open"),
        (0.87, "contradicted"),
    ],
)
def test_a_ratio_lies_within_its_margin(value, verdict):
    (found,) = decided(row(value, 0.01, least=0.9, most=1.1)).claims
    assert found["verdict"] == verdict
    assert (found["quantity"], found["measured"]) == ("x", value)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.023, "supported"), (0.022, "open"), (-0.022, "open"), (-0.023, "contradicted")],
)
def test_a_sign_is_certain(value, verdict):
    (found,) = decided(row(value, 0.01, least=0.0)).claims
    assert found["verdict"] == verdict


def test_every_number_with_a_range_is_a_component_and_the_worst_decides():
    good, bad = row(5.0, 0.1, most=6.0), row(3.0, 0.1, most=2.0)._replace(quantity="y")
    found = decided(good, bad)
    assert [part["component"] for part in found.components] == ["x", "y"]
    assert found.claims[0]["verdict"] == "contradicted"
    assert found.claims[0]["quantity"] == "y"
    assert found.claims[0]["run"] == "related"
    assert found.claims[0]["repeats"] == 10


def test_numbers_without_error_are_beyond_doubt():
    (found,) = decided(measured("x", 3.0, most=2.0)).claims
    assert found["verdict"] == "contradicted"
    (found,) = decided(measured("x", 3.0, most=3.0)).claims
    assert found["verdict"] == "supported"


def test_an_open_claim_says_how_many_repeats_would_decide():
    (found,) = decided(row(0.02, 0.01, least=0.0)).claims
    assert found["would_decide"].endswith("repeats")
    assert found["decides_key"] == "related.repeats"


def test_agreement_is_judged_by_its_own_error():
    (found,) = decided(agreement("variance", [2.0, 2.1, 1.9], 2.0)).claims
    assert found["lower"] == pytest.approx(1 - 4.3027 * 0.05 / math.sqrt(3), abs=1e-4)


def test_a_study_that_was_not_made_is_named():
    for experiment in (
        Experiment([]),
        Experiment([], [], {"related_quantities": pd.DataFrame({"study": []})}),
    ):
        (found,) = decide(BY_NAME["sgld"], experiment).claims
        assert found["verdict"] == "not testable here"
        assert found["reason"] == "needs sgld in related.studies"
