"""Loops over the values and frequencies of one law, each in a single pass."""

import math

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK = 256  # numbers raised to a power at a time


kernel = numba.njit(nogil=True, cache=True, error_model="numpy")


@kernel
def share(
    values: Floats, weights: Floats, offset: float, spacing: float, first: int, mass: Floats
) -> None:
    """Share each value's weight among the three lattice points around it: mean and variance are kept.

    Args:
        values, weights: (n,) each.
        offset: the value at multiple 0 of the spacing.
        spacing: of the lattice.
        first: multiple of the first of `mass`, below that of the smallest value.
        mass: float64, zero; added to.
    """
    for i in range(values.size):
        scaled = (values[i] - offset) / spacing
        nearest = np.rint(scaled)
        rest = scaled - nearest
        k = int(nearest) - first
        mass[k] += weights[i] * (1.0 - rest * rest)
        mass[k - 1] += weights[i] * rest * (rest - 1.0) / 2.0
        mass[k + 1] += weights[i] * rest * (rest + 1.0) / 2.0


@kernel
def wrap(values: Floats, weights: Floats, offset: float, spacing: float, mass: Floats) -> None:
    """Weight at each multiple of the spacing, counted around a circle of `mass.size`: whole turns change no frequency.

    Args:
        values, weights: (n,) each.
        offset: the value at multiple 0.
        spacing: of the lattice.
        mass: float64, zero; added to.
    """
    for i in range(values.size):
        mass[int(np.rint((values[i] - offset) / spacing)) % mass.size] += weights[i]


@kernel
def integrate(
    spectrum: NDArray[np.complex128],
    atom: float,
    exponent: int,
    damping: Floats,
    above: Floats,
) -> None:
    """Integral of |f^B - a^B - B a^(B - 1) (f - a)| / (pi t) from each frequency on to the last.

    Args:
        spectrum: f, complex (m or more,), of a law with the atom a, the others' part damped.
        atom: a.
        exponent: B.
        damping: (m,).
        above: float64 (m + 1,), written; its last is zero.
    """
    count = damping.size
    others, raised = np.empty(count, np.complex128), np.empty(count, np.complex128)
    for k in range(count):
        others[k] = (spectrum[k] - atom) / damping[k]
        raised[k] = atom + others[k]
    power(raised, exponent)
    silent = atom**exponent
    one = exponent * atom ** (exponent - 1)
    above[count] = 0.0
    for k in range(count - 1, 0, -1):
        rest = raised[k] - silent - one * others[k]
        size = math.sqrt(rest.real * rest.real + rest.imag * rest.imag)
        above[k] = above[k + 1] + size / (math.pi * k)
    above[0] = above[1]


@kernel
def power(spectrum: NDArray[np.complex128], exponent: int) -> None:
    """Raise every number to a whole power of at least 1, in place, by squaring.

    Numpy's own power of complex numbers takes logarithms and is ten times slower. Real and imaginary parts of a
    few hundred numbers at a time stay in the cache, in loops that become vector instructions.
    """
    real, imaginary, x, y = np.empty((4, BLOCK))
    for start in range(0, spectrum.size, BLOCK):
        count = min(BLOCK, spectrum.size - start)
        for k in range(count):
            x[k], y[k] = spectrum[start + k].real, spectrum[start + k].imag
            real[k], imaginary[k] = 1.0, 0.0
        left = exponent
        while left:
            if left & 1:
                for k in range(count):
                    a = real[k] * x[k] - imaginary[k] * y[k]
                    imaginary[k] = real[k] * y[k] + imaginary[k] * x[k]
                    real[k] = a
            left >>= 1
            if left:
                for k in range(count):
                    a = x[k] * x[k] - y[k] * y[k]
                    y[k] = 2.0 * x[k] * y[k]
                    x[k] = a
        for k in range(count):
            spectrum[start + k] = complex(real[k], imaginary[k])


def warm() -> None:
    """Compile, or load from the cache, every loop."""
    two, mass = np.array([0.0, 1.0]), np.zeros(4)
    share(two, two, 0.0, 1.0, -1, mass)
    wrap(two, two, 0.0, 1.0, mass)
    spectrum = np.ones(3, np.complex128)
    integrate(spectrum, 0.0, 2, np.ones(2), np.empty(3))
    power(spectrum, 2)
