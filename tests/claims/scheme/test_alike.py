"""Quantities of one kind."""

import numpy as np
import pytest

from gradnoise.claims.scheme.alike import estimate_alike
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, NETWORKS
from gradnoise.tables.moderated.moderation import fit_prior

VALUES = np.random.default_rng(8).normal([1, 2, 3, 4, 5], [1, 1.2, 0.8, 2, 1], (3, 4, 5))


def test_variances_over_seeds_are_moderated_and_never_below_their_own():
    found = estimate_alike(VALUES, ARCHITECTURE)
    own = VALUES.mean(axis=1).var(axis=0, ddof=1)
    floor = VALUES.var(axis=1, ddof=1).mean() / 4
    d0, scale = fit_prior(np.maximum(own, floor), 2, 2 * 4)
    variance = np.maximum.reduce([(d0 * scale + 2 * own) / (d0 + 2), own, np.full(5, floor)])
    assert found.error.tolist() == pytest.approx(np.sqrt(variance / 3).tolist())
    assert found.degrees.tolist() == pytest.approx([2 + d0] * 5)
    assert found.value.tolist() == pytest.approx(VALUES.mean(axis=(0, 1)).tolist())


def test_these_networks_vary_by_their_repeats():
    found = estimate_alike(VALUES, NETWORKS)
    own = VALUES.var(axis=1, ddof=1).mean(axis=0)
    d0, scale = fit_prior(own, 9, 30)
    variance = np.maximum((d0 * scale + 9 * own) / (d0 + 9), own)
    assert found.error.tolist() == pytest.approx(np.sqrt(variance / 12).tolist())


def test_what_was_not_repeated_has_no_error():
    assert np.isnan(estimate_alike(VALUES[:1], ARCHITECTURE).error).all()
    assert np.isnan(estimate_alike(VALUES[:, :1], NETWORKS).error).all()
    # Two quantities say nothing about how variances vary: Student's interval.
    assert estimate_alike(VALUES[..., :2], ARCHITECTURE).degrees.tolist() == [2, 2]
