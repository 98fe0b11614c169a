"""What the choice of coordinates adds, against simulation."""

import numpy as np
import pytest

from gradnoise.gaussianity.repeatability import passing_variance as within
from gradnoise.tables.moderated.sampling import hidden, whole_layer

LAYER, CHOSEN, REPEATS = 2000, 150, 6


def layer(random: np.random.Generator) -> np.ndarray:
    """Chances of passing: some coordinates always, some never, most in between."""
    return np.concatenate([np.ones(500), np.zeros(300), random.uniform(0.2, 0.9, LAYER - 800)])


def test_the_two_parts_add_to_that_of_a_choice_drawn_anew():
    random = np.random.default_rng(0)
    chances = layer(random)
    p, mean_within = chances.mean(), (chances * (1 - chances)).mean()
    size = np.array(float(LAYER))
    added = mean_within / CHOSEN + hidden(p, mean_within, CHOSEN, np.inf)
    assert added == pytest.approx(p * (1 - p) / CHOSEN)
    assert hidden(p, mean_within, LAYER, size) == 0


def test_repeats_show_one_part_and_hide_the_other():
    random = np.random.default_rng(1)
    chances = layer(random)
    shown, found, means = [], [], []
    for _ in range(3000):
        chosen = random.choice(LAYER, CHOSEN, replace=False)
        passes = random.uniform(size=(REPEATS, CHOSEN)) < chances[chosen]
        shown.append(passes.mean(axis=1).var(ddof=1))
        found.append(within(passes))
        means.append(chances[chosen].mean())
    exact = (chances * (1 - chances)).mean()
    assert np.mean(found) == pytest.approx(exact, rel=0.01)
    assert np.mean(shown) == pytest.approx(exact / CHOSEN, rel=0.03)
    expected = hidden(chances.mean(), exact, CHOSEN, np.array(float(LAYER)))
    assert np.var(means) == pytest.approx(float(expected), rel=0.08)


def test_the_whole_layer_deviates_less_than_a_sample_of_it():
    # Every coordinate's chance moves together by 0.04 from repeat to repeat: that is the layer's own deviation.
    random = np.random.default_rng(2)
    chances = np.clip(layer(random), 0.1, 0.9)
    variances, found = [], []
    for _ in range(3000):
        moved = chances + random.normal(0, 0.04, (REPEATS, 1))
        passes = random.uniform(size=(REPEATS, CHOSEN)) < random.permutation(moved.T)[:CHOSEN].T
        variances.append(passes.mean(axis=1).var(ddof=1))
        found.append(within(passes))
    sample, share = np.mean(variances), np.mean(found)
    size = np.array(float(LAYER))
    corrected = whole_layer(np.array(sample), np.array(share), np.array(CHOSEN), size)
    assert sample > 1.5 * corrected
    assert corrected == pytest.approx(0.04**2 + share / LAYER, rel=0.05)


def test_nothing_is_below_zero():
    assert whole_layer(np.array(1e-6), np.array(0.2), np.array(50.0), np.array(1e6)) == 0
    assert hidden(np.array(0.5), np.array(0.3), np.array(50.0), np.array(1e6)) == 0
