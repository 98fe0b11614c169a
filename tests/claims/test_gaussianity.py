"""Claims on the share of Gaussian coordinates: verdicts out of tables made for them."""

import numpy as np
import pytest

from example_claims import evidence, rising, row, verdict


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
    found = row("rises_with_batch_size", run)
    assert found["verdict"] == "supported"
    assert found["reason"] == "at the ceiling from the start: conv1"


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


def test_the_ceiling_is_that_of_the_runs_own_test():
    # 94.5 % is at the ceiling of a test at 5 %; one at 1 % passes 99 % of Gaussian noise.
    run = evidence(lambda *_: 94.5, significance=0.01)
    assert verdict("rises_with_batch_size", run) == "undecided"
    needed = row("rises_with_batch_size", evidence(lambda *_: 97.0, significance=0.01))
    assert needed["reason"] == "needs a layer below 96 % at batch size 64"
