"""Spectra of symmetric matrices that are known by their products alone: traces, densities, with errors.

Stochastic Lanczos quadrature (Ubaru, Chen and Saad 2017; Ghorbani et al. 2019, arXiv:1901.10159): for a random unit
vector v, k steps of Lanczos give nodes and weights of a quadrature of v^T f(A) v, whose mean is tr f(A) / size.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

from gradnoise.draws.streams import Stream, generator
from gradnoise.errors import whole

Floats = NDArray[np.float64]
Product = Callable[[Floats], Floats]

BREAKDOWN = 1e-10  # relative to the largest coefficient: the vector's Krylov space is exhausted


class Estimate(NamedTuple):
    """A mean over random probes.

    Attributes:
        value: float, or float64 array.
        standard_error: of it, from the probes' spread.
    """

    value: Floats
    standard_error: Floats


class Quadrature(NamedTuple):
    """Nodes and weights of one quadrature a probe.

    Attributes:
        nodes: float64 (probes, steps), ascending; NaN where a probe's Krylov space was exhausted earlier.
        weights: float64 (probes, steps), of sum 1 a probe; 0 there.
        size: of the matrix.
    """

    nodes: Floats
    weights: Floats
    size: int

    def trace(self, function: Callable[[Floats], Floats]) -> Estimate:
        """Trace of a function of the matrix, tr f(A), f applied to arrays of nodes."""
        used = self.weights > 0
        values = np.where(used, function(np.where(used, self.nodes, 1.0)), 0.0)
        return mean_over_probes(self.size * (self.weights * values).sum(axis=1))

    def density(self, grid: Floats, width: float) -> Estimate:
        """Spectral density of integral 1, smoothed by a Gaussian, at the points of a grid.

        Args:
            grid: (points,) eigenvalues.
            width: standard deviation of the Gaussian, in units of eigenvalues.

        Returns:
            float64 (points,), per unit of eigenvalue.
        """
        at = (np.asarray(grid, np.float64)[:, None, None] - self.nodes) / width
        kernel = np.exp(-(at**2) / 2) / (width * np.sqrt(2 * np.pi))
        smooth = (self.weights * np.where(self.weights > 0, kernel, 0.0)).sum(axis=2)
        return mean_over_probes(smooth.T)


def lanczos_quadrature(
    product: Product, size: int, steps: int, probes: int = 10, seed: int = 0
) -> Quadrature:
    """Quadratures of the spectrum of a symmetric matrix.

    Args:
        product: float64 (size,) -> A times it.
        size: of the matrix.
        steps: of Lanczos, reorthogonalised in full, a probe; at most `size` are made.
        probes: random vectors of signs, 2 or more: errors come from their spread.
        seed: of the probes.

    Raises:
        InputError: for counts that are too small.
    """
    steps, probes = min(whole("steps", steps), size), whole("probes", probes, 2)
    nodes, weights = np.full((probes, steps), np.nan), np.zeros((probes, steps))
    for index in range(probes):
        diagonal, beside = lanczos(product, _signs(size, seed, index), steps)
        values, vectors = eigh_tridiagonal(diagonal, beside)
        nodes[index, : len(values)], weights[index, : len(values)] = values, vectors[0] ** 2
    return Quadrature(nodes, weights, size)


def lanczos(product: Product, start: Floats, steps: int) -> tuple[Floats, Floats]:
    """Tridiagonal matrix of a symmetric one in the Krylov space of a vector.

    Args:
        product: float64 (size,) -> A times it.
        start: not zero.
        steps: at most; fewer where the space is exhausted.

    Returns:
        float64 diagonal (k,), and what stands beside it (k - 1,).
    """
    basis = np.zeros((steps, len(start)))
    basis[0] = start / np.linalg.norm(start)
    diagonal, beside = np.zeros(steps), np.zeros(steps)
    for step in range(steps):
        rest = np.asarray(product(basis[step]), np.float64)
        diagonal[step] = basis[step] @ rest
        known = basis[: step + 1]
        for _ in range(2):  # twice is enough: once leaves what rounding left of a long vector
            rest = rest - known.T @ (known @ rest)
        beside[step] = np.linalg.norm(rest)
        scale = max(np.abs(diagonal[: step + 1]).max(), beside[: step + 1].max())
        if step + 1 == steps or beside[step] <= BREAKDOWN * scale:
            break
        basis[step + 1] = rest / beside[step]
    return diagonal[: step + 1], beside[:step]


def trace(product: Product, size: int, probes: int = 10, seed: int = 0) -> Estimate:
    """Trace of a square matrix by Hutchinson's probes of signs.

    A single probe's variance is 2 (|A|_F^2 - sum_i a_ii^2), that of symmetric A.

    Args:
        product: float64 (size,) -> A times it.
        size: of the matrix.
        probes: 2 or more.
        seed: of the probes.
    """
    signs = [_signs(size, seed, index) for index in range(whole("probes", probes, 2))]
    return mean_over_probes(np.array([each @ product(each) for each in signs]))


def mean_over_probes(values: Floats) -> Estimate:
    """Mean over the first axis, and its standard error."""
    return Estimate(values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values)))


def _signs(size: int, seed: int, index: int) -> Floats:
    """A vector of random signs."""
    return generator(seed, Stream.GEOMETRY, "probe", index).choice([-1.0, 1.0], size)
