"""SGD with momentum read as a Langevin equation."""

import numpy as np
import pytest

from gradnoise.langevin.theory import mapping, stationary


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_corrected_mapping_shares_energy_equally_and_the_papers_does_not(
    momentum: float,
) -> None:
    rate, curvature, noise = 1e-4, 1.0, 1.0
    velocity = float(stationary.velocity_covariance(curvature, noise, rate, momentum)[0, 0])
    temperature = float(mapping.temperature(noise, rate, momentum))
    corrected = mapping.langevin_parameters(rate, momentum)
    published = mapping.paper_parameters(rate, momentum)
    assert velocity / corrected.time_step**2 == pytest.approx(temperature, rel=1e-3)
    assert velocity / published.time_step**2 == pytest.approx(
        temperature * 2 / (1 + momentum), rel=1e-3
    )
    for found in (corrected, published):
        diffusion = float(mapping.diffusion(noise, found.time_step))
        assert diffusion / found.friction == pytest.approx(temperature)


def test_steps_that_are_none_are_errors() -> None:
    with pytest.raises(ValueError, match="learning_rate"):
        mapping.langevin_parameters(0.0, 0.5)
    with pytest.raises(ValueError, match="momentum: found 1"):
        mapping.paper_parameters(0.1, 1.0)
    assert mapping.temperature(np.eye(2), 0.2, 0.5).shape == (2, 2)
