"""Variances under a fresh permutation in every epoch."""

import numpy as np
import pytest

from gradnoise.langevin.theory.without_replacement import without_replacement_variance


def test_known_variance_without_replacement() -> None:
    found = without_replacement_variance(64, 4, 0.2, 0.1)
    assert found.epoch_end == pytest.approx(5.504854e-4, rel=1e-6)
    assert found.epoch_average == pytest.approx(6.361023e-3, rel=1e-6)
    with pytest.raises(ValueError, match="half the samples"):
        without_replacement_variance(10, 6, 0.2, 0.1)
    with pytest.raises(ValueError, match="stability limits"):
        without_replacement_variance(64, 4, 30.0, 0.1)


def test_simulated_variance_without_replacement_agrees() -> None:
    random = np.random.default_rng(1)
    samples = random.standard_normal(16)
    samples = (samples - samples.mean()) / samples.std()
    position = np.zeros(40000)
    ends, steps = [], []
    for epoch in range(60):
        order = random.permuted(np.tile(samples, (len(position), 1)), axis=1)
        for batch in order.reshape(len(position), 4, 4).mean(axis=2).T:
            position = position - 0.3 * (0.5 * position + batch)
            if epoch >= 40:
                steps.append(np.mean(position**2))
        ends.append(np.mean(position**2))
    found = without_replacement_variance(16, 4, 0.5, 0.3)
    assert np.mean(ends[40:]) == pytest.approx(found.epoch_end, rel=0.02)
    assert np.mean(steps) == pytest.approx(found.epoch_average, rel=0.02)
