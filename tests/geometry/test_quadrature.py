"""Lanczos quadrature and Hutchinson's trace against dense matrices."""

import numpy as np
import pytest
from scipy.linalg import expm

from gradnoise.geometry import lanczos_quadrature, trace
from gradnoise.geometry.quadrature import lanczos, mean_over_probes


def symmetric(size: int = 40) -> np.ndarray:
    """A matrix with eigenvalues from -1 to 12, crowded at 0."""
    random = np.random.default_rng(0)
    basis, _ = np.linalg.qr(random.standard_normal((size, size)))
    values = np.concatenate([[12.0, 7.0, -1.0], random.gamma(0.5, 1.0, size - 3)])
    return basis * values @ basis.T


def test_lanczos_reproduces_a_vectors_moments_to_twice_its_steps() -> None:
    matrix = symmetric()
    start = np.random.default_rng(1).standard_normal(40)
    diagonal, beside = lanczos(lambda v: matrix @ v, start, 6)
    small = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    unit = start / np.linalg.norm(start)
    for power in range(12):
        expected = unit @ np.linalg.matrix_power(matrix, power) @ unit
        assert np.isclose(np.linalg.matrix_power(small, power)[0, 0], expected, rtol=1e-10)


def test_all_steps_give_the_whole_spectrum_without_ghosts() -> None:
    matrix = symmetric()
    start = np.random.default_rng(1).standard_normal(40)
    diagonal, beside = lanczos(lambda v: matrix @ v, start, 40)
    small = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    assert np.allclose(np.linalg.eigvalsh(small), np.linalg.eigvalsh(matrix), atol=1e-9)


def test_an_exhausted_space_ends_early() -> None:
    values = np.array([3.0, 3.0, 1.0, 1.0, 1.0])
    found = lanczos_quadrature(lambda v: values * v, 5, steps=5, probes=4)
    assert np.allclose(found.nodes[:, :2], [1, 3])
    assert np.isnan(found.nodes[:, 2:]).all()
    assert np.allclose(found.weights[:, :2], [0.6, 0.4])
    assert np.allclose(found.trace(np.log).value, 2 * np.log(3))
    assert np.allclose(found.trace(lambda v: v).standard_error, 0, atol=1e-12)


def test_traces_of_functions_equal_dense_ones_within_their_errors() -> None:
    matrix = symmetric()
    found = lanczos_quadrature(lambda v: matrix @ v, 40, steps=15, probes=60, seed=3)
    for function, expected in (
        (lambda v: v, np.trace(matrix)),
        (np.square, np.sum(matrix**2)),
        (lambda v: np.exp(-v), np.trace(expm(-matrix))),
    ):
        value, error = found.trace(function)
        assert 0 < error < 0.2 * abs(expected)
        assert abs(value - expected) < 4 * error


def test_the_density_equals_the_dense_spectrum_smoothed() -> None:
    matrix = symmetric()
    values = np.linalg.eigvalsh(matrix)
    grid = np.linspace(-4, 15, 200)
    expected = np.exp(-(((grid[:, None] - values) / 0.8) ** 2) / 2) / (0.8 * (2 * np.pi) ** 0.5)
    found = lanczos_quadrature(lambda v: matrix @ v, 40, steps=30, probes=80).density(grid, 0.8)
    error = np.abs(found.value - expected.mean(axis=1))
    assert np.all(error < 5 * found.standard_error + 1e-6)
    assert error.max() < 0.05 * expected.mean(axis=1).max()
    assert abs(np.trapezoid(found.value, grid) - 1) < 1e-3


def test_hutchinsons_variance_is_twice_the_squares_off_the_diagonal() -> None:
    matrix = symmetric(12)
    values = [trace(lambda v: matrix @ v, 12, probes=2, seed=seed).value for seed in range(1500)]
    expected = 2 * (np.sum(matrix**2) - np.sum(np.diag(matrix) ** 2))
    assert abs(np.mean(values) - np.trace(matrix)) < 4 * (expected / 2 / 1500) ** 0.5
    assert abs(2 * np.var(values) / expected - 1) < 0.15
    errors = [trace(lambda v: matrix @ v, 12, 50, seed).standard_error for seed in range(40)]
    assert abs(np.mean(np.square(errors)) * 50 / expected - 1) < 0.2


def test_an_estimate_repeats_by_its_seed() -> None:
    matrix = symmetric(12)
    first, again, other = (trace(lambda v: matrix @ v, 12, 5, seed).value for seed in (1, 1, 2))
    assert first == again != other


def test_too_few_probes_or_steps_are_one_line() -> None:
    for steps, probes, message in ((0, 5, "steps: found 0"), (3, 1, "probes: found 1")):
        with pytest.raises(ValueError, match=message):
            lanczos_quadrature(lambda v: v, 4, steps, probes)
    with pytest.raises(ValueError, match="probes: found 1"):
        trace(lambda v: v, 4, 1)


def test_the_error_of_a_mean_is_that_of_a_sample() -> None:
    found = mean_over_probes(np.array([[1.0, 0.0], [2.0, 0.0], [6.0, 3.0]]))
    assert np.allclose(found.value, [3, 1])
    assert np.allclose(found.standard_error, np.sqrt([7 / 3, 1]))
