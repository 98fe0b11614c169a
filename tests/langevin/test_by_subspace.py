"""Numbers of a subspace, on quadratics with known answers."""

import numpy as np
import pytest

from example_trajectories import HESSIAN, SETTINGS, analysed, recorded
from gradnoise.langevin.analysis import analyse
from gradnoise.langevin.by_subspace import fit_jointly
from gradnoise.langevin.results import NUMBERS


def test_entropy_production_is_the_exact_one_and_the_null_is_far_below() -> None:
    numbers = analysed("plain").numbers
    exact = numbers["predicted_entropy_production"]
    assert abs(numbers["entropy_production"] - exact) < 4 * numbers["entropy_production_error"]
    assert numbers["null_entropy_production"] < 0.1 * exact
    commuting = analysed("isotropic").numbers
    assert abs(commuting["predicted_entropy_production"]) < 1e-9
    assert abs(commuting["entropy_production"]) < 4 * commuting["entropy_production_error"] + 1e-5
    assert commuting["commutator"] < 1e-12


def test_exponents_of_proportional_noise_are_one_and_zero() -> None:
    numbers = analysed("isotropic").numbers
    assert numbers["noise_exponent"] == pytest.approx(1)
    assert numbers["variance_exponent"] == pytest.approx(
        0, abs=4 * numbers["variance_exponent_error"] + 0.05
    )
    assert numbers["peak_distance"] < 0.1


def test_displacement_saturates_once_all_modes_are_relaxed() -> None:
    numbers = analysed("plain").numbers
    assert numbers["last_diffusion_exponent"] == pytest.approx(0, abs=0.05)


def test_flatness_exponent_of_parabolas() -> None:
    # F ~ h^-1/2 and variance ~ h^(p - 1): here the noise is proportional to the curvature, so psi = 0.
    numbers = analysed("isotropic").numbers
    assert numbers["flatness_exponent"] == pytest.approx(0, abs=0.25)


def test_a_joint_fit_finds_the_whole_hessian() -> None:
    found = analysed("plain")
    arrays = found.arrays
    score = (arrays["vector_curvature"] - HESSIAN) / arrays["vector_curvature_error"]
    assert np.all(np.abs(score) < 5)
    assert found.numbers["vector_asymmetry_pvalue"] > 1e-3


def test_a_joint_fit_of_what_does_not_move_is_none() -> None:
    made = recorded(steps=200)
    made.position[..., 1] = 0
    assert fit_jointly(made) is None


def test_batch_sharpness_is_the_mean_over_batches_of_all_snapshots() -> None:
    made = recorded(steps=200)
    made.batch_sharpness[:] = np.arange(6).reshape(2, 3)
    numbers = analyse(made, SETTINGS).numbers
    assert numbers["batch_sharpness"] == pytest.approx(2.5)
    assert numbers["batch_sharpness_error"] == pytest.approx(np.arange(6).std() / np.sqrt(6))
    assert numbers["stability_limit"] == pytest.approx(2 / 0.1)


def test_numbers_are_those_declared() -> None:
    assert {*analysed("plain").numbers} == {number.name for number in NUMBERS}
