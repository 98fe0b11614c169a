"""What Propositions 1 and 2 rest on."""

import numpy as np
import pytest

from example_descents import HESSIAN, NOISE
from gradnoise.langevin.theory import propositions


def test_gibbs_needs_isotropic_noise_and_isotropy_needs_proportional_noise() -> None:
    small = 1e-3
    assert propositions.gibbs_conditions(HESSIAN, np.eye(2), small).holds
    anisotropic = propositions.gibbs_conditions(HESSIAN, HESSIAN, small)
    assert not anisotropic.holds
    assert "not isotropic" in anisotropic.reason
    assert anisotropic.commutator == 0
    assert propositions.isotropy_conditions(HESSIAN, 3 * HESSIAN, small).holds
    large = propositions.isotropy_conditions(HESSIAN, 3 * HESSIAN, 0.5)
    assert not large.holds
    assert "not small" in large.reason
    assert large.largest_step == pytest.approx(0.5)
    crossed = propositions.isotropy_conditions(HESSIAN, NOISE, small)
    bracket = NOISE @ HESSIAN - HESSIAN @ NOISE
    expected = np.linalg.norm(bracket) / np.linalg.norm(NOISE) / np.linalg.norm(HESSIAN)
    assert crossed.commutator == pytest.approx(expected)
    assert "not proportional" in crossed.reason


@pytest.mark.parametrize(("momentum", "limit"), [(0.0, 2.0), (0.9, 3.8)])
def test_steps_are_small_where_their_error_is_within_the_tolerance(
    momentum: float, limit: float
) -> None:
    """eta h / (2 (1 + mu)) of the largest curvature, 1, just within 1 % and just beyond."""
    for ask, noise in (
        (propositions.gibbs_conditions, np.eye(2)),
        (propositions.isotropy_conditions, 2 * HESSIAN),
    ):
        assert ask(HESSIAN, noise, 0.00999 * limit, momentum).holds
        assert not ask(HESSIAN, noise, 0.01001 * limit, momentum).holds


def test_noise_is_isotropic_or_proportional_within_the_tolerance() -> None:
    for ratio, holds in ((1.0099, True), (1.0101, False)):
        assert propositions.gibbs_conditions(HESSIAN, np.diag([ratio, 1]), 1e-3).holds is holds
    # |C - s H| / |C| of C = H + diag(0, x), s the projection on H: x cos(angle) to first order.
    for x, holds in ((0.0103, True), (0.0106, False)):
        noise = HESSIAN + np.diag([0, x])
        found = propositions.isotropy_conditions(HESSIAN, noise, 1e-3)
        scale = np.sum(noise * HESSIAN) / np.sum(HESSIAN**2)
        error = np.linalg.norm(noise - scale * HESSIAN) / np.linalg.norm(noise)
        assert found.proportionality_error == pytest.approx(error)
        assert (found.holds, error <= 0.01) == (holds, holds)
