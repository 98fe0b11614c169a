"""The tables of verdicts."""

import numpy as np
import pytest

from example_claims import BY_NAME, evidence, rising, row
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.results import TABLES, read, write


def test_what_was_decided_is_read_back(tmp_path):
    run = evidence(rising, epochs=(3,), seeds=1)
    supported, untestable = row("rises_with_batch_size", run), row("resnet20_steady", run)
    write(tmp_path / "claims.csv", "claims", [supported, untestable])
    table = read(tmp_path / "claims.csv")
    assert list(table) == [column.name for column in TABLES["claims"]]
    assert list(table["verdict"]) == ["supported", "not testable here"]
    assert list(table["scope"]) == ["these networks", ""]
    assert table["measured"][0] == pytest.approx(supported["measured"])
    assert np.isnan(table["measured"][1])
    # Numbers in a row stay text, a single one as well.
    assert (table["epochs"][0], table["seeds"][0], table["batches"][0]) == ("3", "0", "200 600")


def test_components_are_read_back_with_one_that_decides(tmp_path):
    found = decide(BY_NAME["rises_with_batch_size"], Experiment([evidence(rising, seeds=1)]))
    write(tmp_path / "components.csv", "claim_components", found.components)
    table = read(tmp_path / "components.csv")
    assert list(table) == [column.name for column in TABLES["claim_components"]]
    # Five layers rise, and may fall twice each.
    assert len(table) == 15
    assert table["worst"].sum() == 1
    assert table.loc[table["worst"], "component"].item() == found.claims[0]["quantity"]
    assert np.isinf(table["most"][0])


def test_runs_named_like_numbers_or_nothing_stay_names(tmp_path):
    run = evidence(rising, epochs=(3,), seeds=1)
    for name in ("007", "1.5", "NA", "null"):
        changed = {**row("rises_with_batch_size", run), "run": name}
        write(tmp_path / "claims.csv", "claims", [changed])
        assert list(read(tmp_path / "claims.csv")["run"]) == [name]


def test_every_key_of_a_row_has_its_column():
    claims, components = ({column.name for column in TABLES[name]} for name in TABLES)
    for claim in BY_NAME.values():
        found = decide(claim, Experiment([evidence(rising)]))
        assert all(set(one) <= claims for one in found.claims)
        assert all(set(one) == components for one in found.components)
