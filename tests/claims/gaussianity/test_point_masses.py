"""Claims on constant coordinates."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from example_claims import evidence, rising, row, verdict
from gradnoise.claims.evidence import Evidence
from gradnoise.claims.gaussianity.point_masses import silent_weights

DEAD = {"conv1": 0.1, "conv2": 0.25, "conv3": 0.0, "linear1": 0.4}
# conv2: 1 - .9 * .75; linear1: 1 - 1 * .6; linear2 follows linear1.
SILENT = {"conv1": 0.1, "conv2": 0.325, "conv3": 0.25, "linear1": 0.4, "linear2": 0.4}


def with_silent(more: float = 0.0, seeds: int = 3, coordinates: int = 10**6) -> Evidence:
    """A run of which as many coordinates are constant as units are silent, and a share more in conv3."""
    run = evidence(rising, seeds=seeds, coordinates=coordinates)
    random = np.random.default_rng(2)
    constant = run.rows["layer"].map(SILENT) + more * (run.rows["layer"] == "conv3")
    wobble = dict(enumerate(1e-4 * random.normal(size=seeds)))
    last = run.rows["batch_size"] == 1024
    rows = run.rows.assign(share_dirac=np.where(last, constant + run.rows["seed"].map(wobble), 0.9))
    columns = {f"dead_units_{layer}": share for layer, share in DEAD.items()}
    training = [
        {"seed": seed, "epoch": epoch, **(columns if epoch == 5 else dict.fromkeys(columns, 0.7))}
        for seed in range(seeds)
        for epoch in (0, 5)
    ]
    return replace(run, rows=rows, training=pd.DataFrame(training))


def test_a_weight_is_silent_where_its_input_or_its_output_is():
    found = silent_weights(with_silent())
    assert found.iloc[1].to_dict() == pytest.approx(SILENT)
    assert len(found) == 3


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize(
    ("more", "expected"),
    # 0.25 of 0.26 is 96 %, of 0.27 it is 93 %.
    [(0.0, "supported"), (0.01, "supported"), (0.02, "contradicted")],
)
def test_constant_coordinates_come_from_silent_units_or_not(more, expected, seeds):
    found = row("point_masses_from_relu", with_silent(more, seeds))
    assert found["verdict"] == expected
    if more:
        assert found["quantity"].startswith("conv3: share of constant weights")
        assert found["measured"] == pytest.approx(0.25 / (0.25 + more), abs=0.002)


def test_few_coordinates_leave_it_open():
    found = row("point_masses_from_relu", with_silent(0.01, seeds=1, coordinates=500))
    assert found["verdict"] == "open"


def test_it_needs_rectifiers_layers_in_a_row_and_constant_coordinates():
    assert "silent units" in row("point_masses_from_relu", evidence(rising, dead=0.3))["reason"]
    run = with_silent()
    branched = replace(run, settings={**run.settings, "model": {"name": "resnet20"}})
    assert "without branches" in row("point_masses_from_relu", branched)["reason"]
    alive = replace(run, rows=run.rows.assign(share_dirac=0.01))
    assert "more than 2 % constant" in row("point_masses_from_relu", alive)["reason"]
    shared = replace(run, shares_gradients=True)
    assert verdict("point_masses_from_relu", run, shared) == "supported"
