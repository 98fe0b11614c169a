"""Symmetric stable laws, characteristic function exp(-|s t|^alpha): sampler, density and its table.

alpha = 2 is the Gaussian of variance 2 s^2, alpha = 1 Cauchy's law of half-width s.
"""

import math
from functools import lru_cache
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


LOWEST = 0.5  # smallest index of the table


SPACING = 0.025  # of its indices


STRETCH = 0.1  # x = STRETCH sinh(u): fine enough for the cusp that the density is at small indices


RESOLUTION = 0.05  # spacing of u


POINTS = 340  # of u, so that x reaches 1e6


_kernel = numba.njit(nogil=True, cache=True, error_model="numpy")


def sample_stable(
    random: np.random.Generator, alpha: float, shape: int | tuple[int, ...]
) -> Floats:
    """Independent values of scale 1, after Chambers, Mallows and Stuck (1976), JASA 71.

    X = sin(aV) / cos(V)^(1/a) (cos((1-a)V) / W)^((1-a)/a) with V uniform on (-pi/2, pi/2) and W exponential.

    Args:
        random: the generator.
        alpha: index, above 0 and at most 2.
        shape: of the result, float64.

    Raises:
        ValueError: for another index.

    >>> cauchy = sample_stable(np.random.default_rng(0), 1.0, 10_000)
    >>> np.quantile(cauchy, [0.25, 0.75]).round(1)
    array([-1.,  1.])
    """
    if not 0 < alpha <= 2:
        raise ValueError(f"alpha: found {alpha}; accepted: above 0 and at most 2")
    angle = np.pi * (random.random(shape) - 0.5)
    if alpha == 1:
        return np.tan(angle)
    waiting = random.standard_exponential(shape)
    ratio = np.cos((1 - alpha) * angle) / waiting
    return np.sin(alpha * angle) / np.cos(angle) ** (1 / alpha) * ratio ** ((1 - alpha) / alpha)


def density(x: NDArray[Any], alpha: float) -> Floats:
    """Density of scale 1 at x, by quadrature; accurate to 1e-6 of its value for alpha from 0.5 to 1.975, and 2.

    f(x) = Re int_0^inf exp(ixt - t^alpha) dt / pi along a ray of the complex plane on which the integrand does
    not oscillate, with t = exp(y) and the trapezoidal rule in y. Far out exp(ixt), whose integral has no
    real part, is subtracted first, so that the digits of a power-law tail are not lost.

    Args:
        x: any shape.
        alpha: index, 0.5 to 2.
    """
    values = np.abs(np.asarray(x, np.float64))
    if alpha == 2:
        return np.exp(-(values**2) / 4) / (2 * math.sqrt(math.pi))
    result = np.empty(values.size)
    _integrate(np.ravel(values), alpha, result)
    return result.reshape(values.shape)


@_kernel
def _integrate(x: Floats, alpha: float, result: Floats) -> None:
    step = 0.1
    for k in range(x.size):
        far = x[k] > 1.0
        # Near the centre exp(-t^alpha) must decay, far out exp(ixt); neither may oscillate much.
        angle = (0.4 if x[k] > 10.0 else 0.25) * math.pi / max(alpha, 1.0)
        ray = complex(math.cos(angle), math.sin(angle))
        power = complex(math.cos(alpha * angle), math.sin(alpha * angle))
        low = math.log(1e-17) / (1.0 + alpha if far else 1.0) - (math.log(x[k]) if far else 0.0)
        high = math.log(40.0 / x[k] / ray.imag) if far else math.log(40.0 / power.real) / alpha
        total = 0.0
        for j in range(int((high - low) / step) + 1):
            r = math.exp(low + j * step)
            decay = -(r**alpha) * power
            wave = np.exp(1j * x[k] * r * ray)
            if far:
                # expm1 of a complex number: half-angle form of the real part keeps the digits.
                size, turn = math.expm1(decay.real), math.sin(0.5 * decay.imag)
                factor = complex(
                    size - 2.0 * turn * turn * (size + 1.0), (size + 1.0) * math.sin(decay.imag)
                )
            else:
                factor = np.exp(decay)
            total += (wave * factor * ray).real * r
        result[k] = total * step / math.pi


@lru_cache(maxsize=1)
def density_table() -> Floats:
    """Densities at index LOWEST + i SPACING and x = STRETCH sinh(j RESOLUTION), float64 (61, POINTS), read-only.

    Computed at the first call of a process, in a fraction of a second.
    """
    x = STRETCH * np.sinh(RESOLUTION * np.arange(POINTS))
    indices = np.linspace(LOWEST, 2.0, round((2.0 - LOWEST) / SPACING) + 1)
    table = np.stack([density(x, alpha) for alpha in indices])
    table.flags.writeable = False  # shared by all callers
    return table
