"""Contrasts of percentages and their errors, by hand."""

import numpy as np
import pytest

from gradnoise.tables.moderated.contrasts import (
    ARCHITECTURE,
    NETWORKS,
    Cells,
    estimate,
    repeat_factors,
)
from gradnoise.tables.moderated.moderation import fit_prior

# Two layers of two cells each, two seeds, three repeats.
VALUES = np.array(
    [
        [[10.0, 30.0, 60.0, 80.0], [13.0, 34.0, 61.0, 83.0], [16.0, 29.0, 65.0, 86.0]],
        [[11.0, 38.0, 70.0, 78.0], [18.0, 36.0, 73.0, 79.0], [13.0, 40.0, 67.0, 74.0]],
    ]
)
LAYER = np.array([0, 0, 1, 1])


def measured(values=VALUES, layer=LAYER, kind=None, coordinates=400.0, **known) -> Cells:
    count = values.shape[-1]
    nothing = np.zeros(count)
    return Cells(
        values,
        layer,
        np.zeros(count, int) if kind is None else kind,
        np.full(count, coordinates),
        known.get("within", nothing),
        known.get("hidden", nothing),
    )


def factor(layer: int) -> float:
    """Variance over repeats over p(1 - p), a layer's cells and seeds pooled."""
    means = VALUES.mean(axis=(0, 1)) / 100
    scaled = VALUES.var(axis=1, ddof=1).mean(axis=0) / (1e4 * means * (1 - means))
    return scaled[layer == LAYER].mean()


def test_repeats_are_pooled_within_a_layer_on_the_scale_of_p_times_one_minus_p():
    assert repeat_factors(measured()).tolist() == pytest.approx(
        [factor(0), factor(0), factor(1), factor(1)]
    )


def test_these_networks_vary_by_their_repeats():
    weights = np.array([[-1.0], [1.0], [0.0], [0.0]])
    value, error, degrees = estimate(measured(), weights, NETWORKS)
    means = VALUES.mean(axis=(0, 1))
    expected = 1e4 * (means / 100 * (1 - means / 100))
    own = (VALUES[..., 1] - VALUES[..., 0]).var(axis=1, ddof=1).mean()
    pooled = factor(0) * (expected[0] + expected[1])
    assert own > pooled  # what a contrast shows itself is never undercut
    assert value[0] == pytest.approx(means[1] - means[0])
    assert error[0] == pytest.approx(np.sqrt(own / (2 * 3)))
    assert degrees[0] == 2 * (3 - 1) * 2


def test_the_architecture_varies_by_its_seeds_moderated_by_the_class():
    weights = np.eye(4)
    value, error, degrees = estimate(measured(), weights, ARCHITECTURE)
    seeds = VALUES.mean(axis=1)
    share = seeds.mean(axis=0) / 100
    expected = 1e4 * share * (1 - share)
    own = seeds.var(axis=0, ddof=1) / expected
    floor = np.repeat([factor(0), factor(1)], 2) / 3
    # Cells, and the contrasts, which are the same cells here. Two layers and two seeds: one degree at most.
    d0, scale = fit_prior(np.concatenate([np.maximum(own, floor), own]), 1, 1.0)
    moderated = (d0 * scale + own) / (d0 + 1)
    by_layer = np.repeat([own[:2].mean(), own[2:].mean()], 2)
    repeats = VALUES.var(axis=1, ddof=1).mean(axis=0) / expected
    ratio = np.repeat([(repeats[:2] / factor(0)).mean(), (repeats[2:] / factor(1)).mean()], 2)
    least = floor * np.maximum(1, ratio)
    variance = expected * np.maximum.reduce([moderated, by_layer, least])
    assert value.tolist() == pytest.approx(seeds.mean(axis=0).tolist())
    assert error.tolist() == pytest.approx(np.sqrt(variance / 2).tolist())
    assert degrees.tolist() == pytest.approx([1 + d0] * 4)


def test_a_layer_alone_in_its_class_has_no_prior():
    kind = np.array([0, 0, 1, 1])
    *_, degrees = estimate(measured(kind=kind), np.eye(4), ARCHITECTURE)
    assert degrees.tolist() == [1, 1, 1, 1]


def test_sums_over_many_layers_have_no_prior():
    random = np.random.default_rng(0)
    values = 50 + random.normal(0, 3, (4, 3, 6))
    cells = measured(values, np.arange(6))
    weights = np.stack([np.eye(6)[0] - np.eye(6)[1], np.array([1, 1, 1, -1, -1, -1]) / 3], axis=1)
    *_, degrees = estimate(cells, weights, ARCHITECTURE)
    assert degrees[0] > 3
    assert degrees[1] == 3
    *_, of_repeats = estimate(cells, weights, NETWORKS)
    assert of_repeats.tolist() == [8, 8]


@pytest.mark.parametrize(("scope", "divided"), [(NETWORKS, 4 * 3), (ARCHITECTURE, 4 * 3)])
def test_ties_leave_the_part_of_a_single_coordinate(scope, divided):
    values = np.tile([40.0, 96.0], (4, 3, 1))
    _, error, _ = estimate(measured(values, np.array([0, 0]), coordinates=50.0), np.eye(2), scope)
    # One of 50 coordinates: 2 points, averaged over the layer's cells on the scale of p (1 - p).
    factors = np.mean([4 / (40 * 60), 4 / (96 * 4)])
    expected = np.sqrt(np.array([40 * 60, 96 * 4]) * factors / divided)
    assert error.tolist() == pytest.approx(expected.tolist())


def test_coordinates_that_pass_at_random_are_never_less_than_independent():
    values = np.tile([40.0, 60.0], (4, 3, 1))
    cells = measured(values, np.array([0, 0]), coordinates=50.0, within=np.array([0.2, 0.1]))
    _, error, _ = estimate(cells, np.eye(2), NETWORKS)
    factors = np.mean([1e4 * 0.2 / 50, 1e4 * 0.1 / 50]) / 2400
    assert error.tolist() == pytest.approx([np.sqrt(2400 * factors / 12)] * 2)


def test_the_choice_of_coordinates_counts_for_the_architecture_alone():
    values = np.tile([40.0, 60.0], (4, 3, 1))
    bare = measured(values, np.array([0, 0]))
    chosen = measured(values, np.array([0, 0]), hidden=np.array([9.0, 4.0]))
    weights = np.array([[1.0, 1.0], [0.0, -1.0]])
    least = estimate(bare, weights, ARCHITECTURE).error ** 2 * 4
    found = estimate(chosen, weights, ARCHITECTURE).error ** 2 * 4
    # A layer's cells share their coordinates: a difference has (3 - 2)^2 of it at least.
    assert (found - least).tolist() == pytest.approx([9.0, 1.0])
    same = estimate(chosen, weights, NETWORKS).error
    assert same.tolist() == estimate(bare, weights, NETWORKS).error.tolist()


def test_what_was_not_repeated_has_no_error():
    assert np.isnan(estimate(measured(VALUES[:, :1]), np.eye(4), NETWORKS).error).all()
    assert np.isnan(estimate(measured(VALUES[:1]), np.eye(4), ARCHITECTURE).error).all()
