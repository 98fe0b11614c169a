"""Claims: every verdict comes out of tables made for it."""

import numpy as np
import pytest

from example_claims import BY_NAME, Percentage, evidence, rising
from example_results import ALEXNET, resnet
from gradnoise.claims.decision import decide
from gradnoise.claims.evidence import Evidence
from gradnoise.claims.published import CLAIMS
from gradnoise.claims.verdicts import Component, agree, any_beyond, every


def verdict(claim: str, *runs: Evidence) -> str:
    rows = decide(BY_NAME[claim], runs)
    assert len(rows) == 1
    return rows[0]["verdict"]


def test_component_needs_its_whole_interval_beyond_the_threshold():
    assert Component("x", 2, 1, 3, least=0).verdict == "supported"
    assert Component("x", 2, -1, 5, least=0).verdict == "undecided"
    assert Component("x", -2, -3, -1, least=0).verdict == "contradicted"
    assert Component("x", 2, np.nan, np.nan, least=0).verdict == "undecided"
    assert Component("x", 4.9, 4.0, 5.8, -5, 5).verdict == "undecided"
    assert Component("x", 7.0, 6.0, 8.0, -5, 5).verdict == "contradicted"
    assert Component("x", 2, 1, 9, most=3, rejects_only=True).verdict == "supported"


def test_one_contradicted_layer_contradicts_every():
    good, open_, bad = (
        Component("good", 5, 4, 6, least=0),
        Component("open", 1, -1, 3, least=0),
        Component("bad", -5, -6, -4, least=0),
    )
    assert every([good, good])[0] == "supported"
    assert every([good, open_]) == ("undecided", open_)
    assert every([good, open_, bad]) == ("contradicted", bad)
    assert any_beyond([good, bad]) == ("supported", bad)
    assert any_beyond([good, open_])[0] == "undecided"
    assert any_beyond([good, good])[0] == "contradicted"


def test_cases_have_to_agree():
    assert agree(["supported", "supported"]) == "supported"
    assert agree(["supported", "contradicted"]) == "undecided"


@pytest.mark.parametrize(
    ("percentage", "expected"),
    [
        (rising, "supported"),
        (lambda layer, e, size, n: 60 - rising(layer, e, size, n) / 2, "contradicted"),
        (lambda layer, *_: 50.0, "undecided"),
        # The largest batch is above the smallest, but there is a certain fall between.
        (lambda layer, e, size, n: {64: 40.0, 256: 60.0, 1024: 50.0}[size], "contradicted"),
        (lambda *_: 94.5, "not testable here"),
    ],
)
def test_rise_with_batch_size(percentage, expected):
    assert verdict("rises_with_batch_size", evidence(percentage)) == expected


def test_layers_at_the_ceiling_are_listed_and_need_not_rise():
    run = evidence(lambda la, e, s, n: 94.5 if la == "conv1" else rising(la, e, s, n))
    row = decide(BY_NAME["rises_with_batch_size"], [run])[0]
    assert row["verdict"] == "supported"
    assert row["reason"] == "at the ceiling from the start: conv1"


@pytest.mark.parametrize(
    ("percentage", "expected"),
    [
        (rising, "supported"),
        (lambda la, e, s, n: 30.0 if la == "conv1" else 50.0, "contradicted"),
        (lambda *_: 50.0, "undecided"),
        # At the ceiling a lead of -1 is enough.
        (lambda *_: 94.5, "supported"),
    ],
)
def test_first_convolution(percentage, expected):
    assert verdict("first_convolution_leads", evidence(percentage, noise=0.03)) == expected


@pytest.mark.parametrize(
    ("conv4", "expected"),
    [
        ({64: 3.0, 256: 40.0, 1024: 80.0}, "supported"),
        ({64: 25.0, 256: 40.0, 1024: 80.0}, "contradicted"),
        ({64: 10.0, 256: 40.0, 1024: 80.0}, "undecided"),
    ],
)
def test_fourth_convolution_of_alexnet(conv4, expected):
    run = evidence(
        lambda la, e, size, n: conv4[size] if la == "conv4" else rising(la, e, size, n),
        ALEXNET,
        "alexnet",
    )
    assert verdict("alexnet_fourth_convolution", run) == expected


def test_fourth_convolution_needs_alexnet_without_batch_norm():
    run = evidence(rising, ALEXNET, "alexnet", {"batch_norm": True})
    row = decide(BY_NAME["alexnet_fourth_convolution"], [run])[0]
    assert row["verdict"] == "not testable here"
    assert "without BatchNorm" in row["reason"]


@pytest.mark.parametrize(
    ("lowest", "accuracy", "expected"),
    [
        (90.0, 0.95, "supported"),
        (70.0, 0.95, "contradicted"),
        (85.05, 0.95, "undecided"),
        (90.0, 0.7, "not testable here"),
    ],
)
def test_resnet56_above_85(lowest, accuracy, expected):
    run = evidence(
        lambda la, *_: lowest if la == "block3.layer2" else 93.0,
        resnet(2),
        "resnet56",
        accuracy=accuracy,
        sizes=(64, 256),
    )
    assert verdict("resnet56_above_85", run) == expected


@pytest.mark.parametrize(
    ("third", "expected"), [(80.0, "supported"), (95.0, "contradicted"), (90.0, "undecided")]
)
def test_resnet56_block_3(third, expected):
    run = evidence(lambda la, *_: third if la.startswith("block3") else 90.0, resnet(2), "resnet56")
    assert verdict("resnet56_block_3_least", run) == expected


@pytest.mark.parametrize(
    ("jump", "noise", "expected"),
    [(0.0, 0.3, "supported"), (20.0, 0.3, "contradicted"), (0.0, 8.0, "undecided")],
)
def test_resnet20_steady(jump, noise, expected):
    run = evidence(
        lambda la, epoch, *_: 85.0 - jump * (epoch == 1),
        resnet(1),
        "resnet20",
        epochs=(1, 10, 20),
        noise=noise,
    )
    assert verdict("resnet20_steady", run) == expected


@pytest.mark.parametrize(
    ("noise", "repeats", "expected"),
    [
        (0.3, 6, "supported"),
        (8.0, 12, "contradicted"),
        (1.9, 6, "undecided"),
        (0.3, 4, "not testable here"),
    ],
)
def test_small_deviation(noise, repeats, expected):
    run = evidence(rising, noise=noise, repeats=repeats)
    assert verdict("small_deviation", run) == expected


@pytest.mark.parametrize(
    ("directions", "expected"),
    [
        (10.0, "supported"),
        (-10.0, "supported"),
        (0.0, "contradicted"),
        (np.nan, "not testable here"),
    ],
)
def test_property_of_the_basis(directions, expected):
    assert verdict("property_of_the_basis", evidence(rising, directions=directions)) == expected


def alexnets(plain: float, normalised: float, noise: float = 0.3, rate: float = 0.1):
    """AlexNet without and with BatchNorm whose convolutions 3 and 4 change by so much in training."""

    def changing(change: float) -> Percentage:
        return lambda la, epoch, *_: 70.0 + (change if epoch and la in ("conv3", "conv4") else 0)

    first = evidence(changing(plain), ALEXNET, "alexnet", name="plain", noise=noise)
    second = evidence(
        changing(normalised),
        ALEXNET,
        "alexnet",
        {"batch_norm": True},
        name="normalised",
        noise=noise,
        learning_rate=rate,
    )
    return first, second


@pytest.mark.parametrize(
    ("plain", "normalised", "noise", "expected"),
    [
        (-30.0, 0.0, 0.3, "supported"),
        (-30.0, -30.0, 0.3, "contradicted"),
        (0.0, 0.0, 0.3, "contradicted"),
        (-6.0, 0.0, 6.0, "undecided"),
    ],
)
def test_batch_norm_keeps_gaussianity(plain, normalised, noise, expected):
    runs = alexnets(plain, normalised, noise)
    row = decide(BY_NAME["batch_norm_keeps_gaussianity"], runs)[0]
    assert row["verdict"] == expected
    assert "constant coordinates: 0.0 % in plain, 0.0 % in normalised" in row["reason"]
    assert "without learning rate 0.01 as control" in row["reason"]


def test_batch_norm_claim_needs_both_networks_trained_alike():
    plain, normalised = alexnets(-30.0, 0.0, rate=0.01)
    assert verdict("batch_norm_keeps_gaussianity", plain) == "not testable here"
    assert verdict("batch_norm_keeps_gaussianity", plain, normalised) == "not testable here"


def test_conventions_that_disagree_leave_a_claim_undecided_and_are_shown():
    # Half of the coordinates are constant: counted as Gaussian they lift 6 % to 53 %.
    run = evidence(
        lambda la, e, size, n: {64: 6.0, 256: 50.0, 1024: 90.0}[size] if la == "conv4" else 60.0,
        ALEXNET,
        "alexnet",
        dead=0.5,
    )
    row = decide(BY_NAME["alexnet_fourth_convolution"], [run])[0]
    assert row["verdict"] == "undecided"
    assert "the cases disagree" in row["reason"]
    assert "n = 200, testable: supported" in row["cases"]
    assert "n = 200, constant counted as Gaussian: contradicted" in row["cases"]


def test_scope_names_the_unit():
    many = decide(BY_NAME["rises_with_batch_size"], [evidence(rising)])[0]
    one = decide(BY_NAME["rises_with_batch_size"], [evidence(rising, seeds=1)])[0]
    assert (many["unit"], many["scope"]) == ("seed", "cnn on cifar10, 3 seeds")
    assert (one["unit"], one["scope"]) == ("repeat", "cnn on cifar10, this network")


def test_one_repeat_of_one_network_decides_nothing():
    run = evidence(rising, seeds=1, repeats=1)
    assert verdict("rises_with_batch_size", run) == "not testable here"


def test_claims_that_need_other_stages_say_which_and_are_never_decided():
    for name in ("finite_variance", "tail_index_to_two"):
        row = decide(BY_NAME[name], [evidence(rising)])[0]
        assert row["verdict"] == "not testable here"
        assert row["reason"].startswith("needs ")


def test_every_claim_stands_once():
    assert len(BY_NAME) == len(CLAIMS) == 18
    assert sum(claim.origin == "paper" for claim in CLAIMS) == 14
