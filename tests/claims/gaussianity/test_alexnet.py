"""Claims on AlexNet: verdicts out of tables made for them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from example_claims import Percentage, evidence, rising, row, verdict
from example_results import ALEXNET


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
