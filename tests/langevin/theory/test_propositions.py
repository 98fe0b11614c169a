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
