"""Claims on AlexNet: verdicts out of tables made for them."""

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
