"""Claims on constant coordinates."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from example_claims import BY_NAME, evidence, rising, row, verdict
from gradnoise.claims.decision import decide
from gradnoise.claims.evidence import Evidence, NotTestableError
from gradnoise.claims.experiment import Experiment
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


def ratios(run: Evidence) -> dict[str, dict[str, float]]:
    """Components over these networks, by layer."""
    found = decide(BY_NAME["point_masses_from_relu"], Experiment([run])).components
    mine = [part for part in found if part["scope"] == "these networks"]
    return {part["component"].split(":")[0]: part for part in mine}


def test_the_error_of_these_networks_is_over_the_choice_of_coordinates():
    run = with_silent(0.1, seeds=2, coordinates=800)
    part = ratios(run)["conv3"]
    share = at_size(run, "conv3").mean()
    value = (0.25 / at_size(run, "conv3")).mean()
    assert part["value"] == pytest.approx(value)
    assert part["error"] == pytest.approx(value * np.sqrt((1 - share) / share / (2 * 800)))
    assert np.isinf(part["degrees"])


def at_size(run: Evidence, layer: str) -> pd.Series:
    """Constant coordinates at the largest batch size of the last epoch, by seed."""
    rows = run.rows[(run.rows["layer"] == layer) & (run.rows["batch_size"] == 1024)]
    return rows[rows["epoch"] == 5].groupby("seed")["share_dirac"].mean()


@pytest.mark.parametrize(("constant", "there"), [(0.0201, True), (0.0199, False)])
def test_layers_with_two_per_cent_of_constant_coordinates_are_asked(constant, there):
    run = with_silent()
    conv1 = run.rows["layer"] == "conv1"
    found = ratios(replace(run, rows=run.rows.assign(share_dirac=run.rows["share_dirac"].mask(conv1, constant))))  # fmt: skip
    assert ("conv1" in found) == there
    assert set(found) >= {"conv2", "conv3", "linear1", "linear2"}


@pytest.mark.parametrize(("extra", "expected"), [(0.012, "supported"), (0.0145, "contradicted")])
def test_95_of_100_constant_coordinates_have_a_silent_unit(extra, expected):
    # 0.25 of 0.262 is 95.4 %, of 0.2645 it is 94.5 %.
    assert verdict("point_masses_from_relu", with_silent(extra, coordinates=10**7)) == expected


def test_more_coordinates_would_decide():
    run = with_silent(0.01, seeds=1, coordinates=500)
    told = replace(run, settings={**run.settings, "noise": {"coordinates": 500}})
    found = row("point_masses_from_relu", told)
    assert found["decides_key"] == "noise.coordinates"
    assert found["would_decide"].endswith("more coordinates of every layer")
    whole = replace(run, settings={**run.settings, "noise": {"coordinates": "all"}})
    assert row("point_masses_from_relu", whole)["would_decide"] == ""
    seeds = decide(BY_NAME["point_masses_from_relu"], Experiment([with_silent()])).claims
    assert [one["unit_of_noise"] for one in seeds] == ["", "training seeds"]


def test_silent_units_are_those_of_the_last_epoch_in_the_networks_order():
    run = with_silent(seeds=1)
    assert silent_weights(run).loc[0].to_dict() == pytest.approx(SILENT)
    only = replace(run, training=run.training[run.training["epoch"] == 0])
    with pytest.raises(NotTestableError, match="silent units"):
        silent_weights(only)


def test_distances_are_in_parts_of_the_five_per_cent_that_may_be_missing():
    for part in ratios(with_silent(0.01)).values():
        assert part["standardised"] == pytest.approx((part["value"] - 0.95) / 0.05)
