"""Each claim once."""

import pandas as pd
import pytest

from gradnoise.claims.headline import Headline, count, deciding_rows, verdicts

HERE, NEXT = "these networks", "the architecture"


def table(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["claim", "run", "scope", "verdict"]).assign(group="ours")


def test_the_architecture_counts_where_there_is_a_verdict_on_it():
    rows = table(
        ("a", "cnn", HERE, "supported"),
        ("a", "cnn", NEXT, "open"),
        ("a", "mlp", HERE, "contradicted"),
        ("b", "cnn", HERE, "supported"),
    )
    kept = deciding_rows(rows)
    assert list(kept.index) == [1, 2, 3]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        (["supported", "supported"], "supported"),
        (["supported", "open"], "open"),
        (["open", "contradicted", "supported"], "contradicted"),
        (["supported", "not testable here"], "supported"),
        (["not testable here"], "not testable here"),
    ],
)
def test_a_claim_has_to_hold_in_every_run_that_can_test_it(runs, expected):
    rows = table(*(("a", f"run {k}", HERE, found) for k, found in enumerate(runs)))
    assert verdicts(rows).to_dict() == {"a": expected}


def test_claims_are_counted_once():
    rows = table(
        ("a", "x", HERE, "supported"),
        ("a", "y", HERE, "supported"),
        ("b", "x", HERE, "open"),
        ("b", "x", NEXT, "contradicted"),
        ("c", "x", "", "not testable here"),
        ("d", "x", HERE, "open"),
        ("e", "x", HERE, "supported"),
        ("f", "y", NEXT, "supported"),
    )
    found = count(rows)
    assert found == Headline(testable=5, supported=3, contradicted=1, open=1)
    with_a_check = pd.concat(
        [rows, table(("g", "x", HERE, "supported")).assign(group="instrument")], ignore_index=True
    )
    assert count(with_a_check) == found  # a check of the code is no claim
    assert found.sentence == "5 claims testable here: 3 supported, 1 contradicted, 1 open"
