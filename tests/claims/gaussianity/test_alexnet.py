"""Claims on AlexNet: verdicts out of tables made for them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from example_claims import BY_NAME, Percentage, evidence, rising, row, verdict
from example_results import ALEXNET
from gradnoise.claims.decision import decide
from gradnoise.claims.evidence import Evidence, Pair
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.gaussianity.alexnet import constant_coordinates
from gradnoise.tables.moderated.contrasts import NETWORKS


@pytest.mark.parametrize(
    ("conv4", "expected"),
    [
        ({64: 3.0, 256: 40.0, 1024: 80.0}, "supported"),
        ({64: 25.0, 256: 40.0, 1024: 80.0}, "contradicted"),
        ({64: 10.0, 256: 40.0, 1024: 80.0}, "open"),
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
    found = row("alexnet_fourth_convolution", run)
    assert found["verdict"] == "not testable here"
    assert "without BatchNorm" in found["reason"]


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
        (-6.0, 0.0, 6.0, "open"),
    ],
)
def test_batch_norm_keeps_gaussianity(plain, normalised, noise, expected):
    runs = alexnets(plain, normalised, noise)
    found = row("batch_norm_keeps_gaussianity", *runs)
    assert found["verdict"] == expected
    assert "constant coordinates: 0.0 % in plain, 0.0 % in normalised" in found["reason"]
    assert "without learning rate 0.01 as control" in found["reason"]


def test_batch_norm_claim_needs_both_networks_trained_alike():
    plain, normalised = alexnets(-30.0, 0.0, rate=0.01)
    assert verdict("batch_norm_keeps_gaussianity", plain) == "not testable here"
    assert verdict("batch_norm_keeps_gaussianity", plain, normalised) == "not testable here"


def test_with_batch_norm_every_convolution_has_to_keep():
    first, second = alexnets(-30.0, 0.0)
    rows = second.rows.copy()
    later = (rows["layer"] == "conv1") & (rows["epoch"] == 5)
    rows.loc[later, "percentage_gaussian"] -= 20
    found = row("batch_norm_keeps_gaussianity", first, replace(second, rows=rows))
    assert (found["verdict"], found["quantity"]) == (
        "contradicted",
        "conv1 of normalised: last minus first epoch",
    )


def least(percentages: dict[str, float], quantiles: dict[str, float], seeds: int = 3):
    """AlexNet whose layers pass at 60 and have a third moment of 4, but for these."""
    run = evidence(
        lambda la, *_: percentages.get(la, 60.0), ALEXNET, "alexnet", seeds=seeds, noise=0.5
    )
    random = np.random.default_rng(6)
    layers = [
        {
            **{"seed": seed, "epoch": 5, "layer": name},
            "rho_q95": quantiles.get(name, 4.0) * np.exp(0.02 * random.normal()),
        }
        for seed in range(seeds)
        for name, *_ in ALEXNET
    ]
    return replace(run, statistics={**run.statistics, "layers": pd.DataFrame(layers)})


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize(
    ("percentages", "quantiles", "expected", "quantity"),
    [
        ({"conv4": 50.0, "conv5": 48.0}, {"conv4": 5.0, "conv5": 6.0}, "supported", "log ratio"),
        ({"conv4": 70.0, "conv5": 48.0}, {"conv4": 5.0, "conv5": 6.0}, "contradicted", "conv4 min"),
        ({"conv4": 50.0, "conv5": 48.0}, {"conv4": 5.0, "conv5": 3.0}, "contradicted", "log ratio"),
        ({"conv4": 50.0, "conv5": 60.0}, {"conv4": 5.0, "conv5": 6.0}, "open", "conv5 minus"),
    ],
)
def test_conv4_and_conv5_are_least_in_percentages_and_third_moments(
    percentages, quantiles, expected, quantity, seeds
):
    found = row("last_convolutions_least", least(percentages, quantiles, seeds))
    assert found["verdict"] == expected
    assert found["quantity"].startswith(quantity)


def test_conv4_and_conv5_need_alexnet_and_third_moments():
    assert verdict("last_convolutions_least", evidence(rising)) == "not testable here"
    bare = row("last_convolutions_least", evidence(rising, ALEXNET, "alexnet"))
    assert bare["reason"] == "needs rho q95, which this run does not have"


@pytest.mark.parametrize(
    ("percentage", "expected"),
    [
        # The null's 95 ± 2: there "five per cent are not Gaussian" is the test's own five per cent.
        (94.12, "contradicted"),
        (93.1, "contradicted"),
        (92.9, "supported"),
        (93.0, "open"),
        (97.2, "supported"),
    ],
)
def test_five_per_cent_are_what_the_test_rejects_of_gaussian_noise(percentage, expected):
    run = evidence(
        lambda *_: percentage,
        ALEXNET,
        "alexnet",
        sizes=(64, 128),
        noise=0.05,
        coordinates=10**6,
    )
    assert verdict("five_per_cent_not_gaussian", run) == expected


def test_five_per_cent_are_said_of_batch_size_128():
    found = row("five_per_cent_not_gaussian", evidence(rising, ALEXNET, "alexnet"))
    assert found["reason"] == "needs batch size 128"
    other = evidence(lambda *_: 80.0, sizes=(64, 128))
    assert verdict("five_per_cent_not_gaussian", other) == "not testable here"


SHARP = {"noise": 0.02, "coordinates": 10**7}


def quantiles(run: Evidence, **values: float) -> Evidence:
    """The run with these 95 % quantiles of the third moment, and others of 4, without scatter; more at epoch 0."""
    rows = [
        {"seed": seed, "epoch": epoch, "layer": name, "rho_q95": value}
        for seed in run.seeds
        for name, *_ in ALEXNET
        for epoch, value in ((0, 99.0), (5, values.get(name, 4.0)))
    ]
    return replace(run, statistics={**run.statistics, "layers": pd.DataFrame(rows)})


@pytest.mark.parametrize(
    ("conv4", "rho", "expected"),
    [
        (59.8, 4.01, "supported"),
        (60.2, 4.01, "contradicted"),
        (59.8, 3.99, "contradicted"),
    ],
)
def test_the_least_gaussian_layers_lie_below_each_other_one_at_the_smallest_batch(
    conv4, rho, expected
):
    # At larger batches, and before training, it is the other way round.
    run = evidence(
        lambda la, e, size, n: (
            60.0 if la not in ("conv4", "conv5") else conv4 if size == 64 and e else 90.0
        ),
        ALEXNET,
        "alexnet",
        seeds=1,
        **SHARP,
    )
    rows = run.rows["layer"] == "conv5"
    run.rows.loc[rows, "percentage_gaussian"] -= 5 * (run.rows["batch_size"][rows] == 64)
    found = row("last_convolutions_least", quantiles(run, conv4=rho, conv5=9.0))
    assert found["verdict"] == expected


def test_the_two_halves_of_the_claim_are_corrected_by_themselves():
    rows = decide(BY_NAME["last_convolutions_least"], Experiment([least({}, {})])).components
    labels = [part["component"] for part in rows if part["scope"] == "these networks"]
    assert len(labels) == 2 * 2 * 4
    assert labels[0] == "conv4 minus conv1 at batch size 64"
    parts = BY_NAME["last_convolutions_least"].measure(
        least({}, {}), NETWORKS, 200, "percentage_gaussian"
    )
    assert [part.family for part in parts] == ["percentages"] * 8 + ["third moments"] * 8
    assert {part.error for part in parts[8:]} == {0.0}


def test_conv4_and_conv5_alone_are_the_least_of_nothing():
    two = [layer for layer in ALEXNET if layer[0] in ("conv4", "conv5")]
    found = row("last_convolutions_least", evidence(rising, two, "alexnet"))
    assert found["reason"] == "needs the noise of conv4, conv5 and other layers"


def test_training_is_from_the_first_to_the_last_epoch_at_the_smallest_batch():
    def training(changes):
        def percentage(layer, epoch, size, batches):
            # What happens in between, and at larger batches, is no concern.
            change = changes.get(layer, 0.0) if epoch == 9 else 25.0 * (epoch == 4)
            return 60.0 + (change if size == 16 else -change)

        return percentage

    plain, normalised = (
        evidence(
            training(changes),
            ALEXNET,
            "alexnet",
            {"batch_norm": changes["conv1"] == 4.0},
            name=name,
            epochs=(1, 4, 9),
            sizes=(16, 32),
            **SHARP,
        )
        for name, changes in (
            ("plain", {"conv1": -30.0, "conv3": -11.0, "conv4": -8.0}),
            ("normalised", {"conv1": 4.0, "conv3": -3.0, "conv4": 2.0, "linear1": -40.0}),
        )
    )
    found = decide(BY_NAME["batch_norm_keeps_gaussianity"], Experiment([plain, normalised]))
    parts = {p["component"]: p["value"] for p in found.components if p["scope"] == NETWORKS}
    assert {name: round(value) for name, value in parts.items()} == {
        "conv3 of plain: last minus first epoch": -11,
        "conv4 of plain: last minus first epoch": -8,
        "conv1 of normalised: last minus first epoch": 4,
        "conv2 of normalised: last minus first epoch": 0,
        "conv3 of normalised: last minus first epoch": -3,
        "conv4 of normalised: last minus first epoch": 2,
        "conv5 of normalised: last minus first epoch": 0,
        "conv3: change of plain minus change of normalised": -8,
        "conv4: change of plain minus change of normalised": -10,
    }
    assert [one["verdict"] for one in found.claims] == ["supported"] * 2


def test_other_networks_say_nothing_of_alexnets_batch_norm():
    plain, normalised = alexnets(-30.0, 0.0)
    for run in (plain, normalised):
        run.settings["model"]["name"] = "cnn"
    found = row("batch_norm_keeps_gaussianity", plain, normalised)
    assert found["reason"] == "needs AlexNet without and with BatchNorm at one learning rate"
    normalised.settings["model"]["name"] = "alexnet_three_linear"
    plain.settings["model"]["name"] = "alexnet"
    assert verdict("batch_norm_keeps_gaussianity", plain, normalised) == "not testable here"


@pytest.mark.parametrize(
    ("model", "arguments", "rate", "beside"),
    [
        ("alexnet", {}, 0.01, "with"),
        ("alexnet", {}, 0.02, "without"),
        ("alexnet", {"batch_norm": True}, 0.01, "without"),
        ("alexnet_three_linear", {}, 0.01, "without"),
    ],
)
def test_constant_coordinates_and_the_control_of_the_learning_rate_stand_beside(
    model, arguments, rate, beside
):
    plain, normalised = alexnets(-30.0, 0.0)
    for run, shares in ((plain, (0.1, 0.3)), (normalised, (0.02, 0.05))):
        last = run.rows["epoch"] == 5
        for layer, share in zip(("conv3", "conv4"), shares, strict=True):
            run.rows.loc[last & (run.rows["layer"] == layer), "share_dirac"] = share
        run.rows.loc[~last | (run.rows["layer"] == "conv1"), "share_dirac"] = 0.9
    control = evidence(rising, ALEXNET, model, arguments, name="control", learning_rate=rate)
    pair = Pair(plain, normalised, [plain, normalised, control])
    assert constant_coordinates(pair) == (
        f"constant coordinates: 20.0 % in plain, 3.5 % in normalised; {beside} learning rate 0.01 as control"
    )
