"""The table of verdicts."""

import numpy as np
import pytest

from example_claims import BY_NAME, evidence, rising, row
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.results import COLUMNS, read, write


def test_what_was_decided_is_read_back(tmp_path):
    run = evidence(rising, epochs=(3,), seeds=1)
    supported, untestable = row("rises_with_batch_size", run), row("resnet20_steady", run)
    write(tmp_path / "claims.csv", [supported, untestable])
    table = read(tmp_path / "claims.csv")
    assert list(table) == [column.name for column in COLUMNS]
    assert list(table["verdict"]) == ["supported", "not testable here"]
    assert table["measured"][0] == pytest.approx(supported["measured"])
    assert np.isnan(table["measured"][1])
    # Numbers in a row stay text, a single one as well.
    assert (table["epochs"][0], table["seeds"][0], table["batches"][0]) == ("3", "0", "200 600")


def test_runs_named_like_numbers_or_nothing_stay_names(tmp_path):
    run = evidence(rising, epochs=(3,), seeds=1)
    for name in ("007", "1.5", "NA", "null"):
        write(tmp_path / "claims.csv", [{**row("rises_with_batch_size", run), "run": name}])
        assert list(read(tmp_path / "claims.csv")["run"]) == [name]


def test_every_key_of_a_row_has_its_column():
    declared = {column.name for column in COLUMNS}
    for claim in BY_NAME.values():
        for found in decide(claim, Experiment([evidence(rising)])):
            assert set(found) <= declared
