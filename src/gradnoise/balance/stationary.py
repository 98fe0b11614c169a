"""Exact stationary laws of SGD's stochastic differential equation on a diagonal linear network, data of one dimension.

W chains of D + 1 factors, all balanced at one size u, make v = W u^(D + 1); a sample's loss is (v x - y)^2 / 2 with
y = k x + s e. With T the learning rate over the batch size, zero flux gives for t = ln u, on the side of k > 0,

    p(t) ~ exp((1 - 2 D) t - (2 / T) J(u)) / C(v),   J'(u) = (v - k) u^-D / C(v),   C(v) = a (v - k)^2 + s^2

where a is the variance of x^2. Without hidden layers v is normal, or Student's t where a > 0.

Source: Ziyin, Li and Ueda, arXiv:2308.06671, for any depth and width, with the half in the loss.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.special import gammaln, ndtr, ndtri, stdtr, stdtrit

from gradnoise.balance.grids import Grid, fitted
from gradnoise.balance.population import Law, gradient_noise_at_zero, input_variance

Floats = NDArray[np.float64]

NODES, WEIGHTS = leggauss(8)
PANEL = 0.1  # in the coordinate in which the integrand changes over about 1
LARGEST = 600.0  # of that coordinate: its sinh is still a number


@dataclass(frozen=True)
class Line:
    """Depth 0: a normal law, or Student's t with 1 + 1 / T degrees of freedom.

    Attributes:
        temperature: T times the width.
        slope: k.
        label_noise: s.
        inputs: of which law.
    """

    temperature: float
    slope: float
    label_noise: float
    inputs: Law

    @property
    def _degrees(self) -> float:
        return np.inf if input_variance(self.inputs) == 0 else 1 + 1 / self.temperature

    @property
    def _scale(self) -> float:
        if np.isinf(self._degrees):
            return self.label_noise * float(np.sqrt(self.temperature / 2))
        return self.label_noise / float(np.sqrt(2 * self._degrees))

    def density(self, v: Floats) -> Floats:
        """Of v."""
        z, nu = (v - self.slope) / self._scale, self._degrees
        if np.isinf(nu):
            return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / self._scale
        norm = gammaln((nu + 1) / 2) - gammaln(nu / 2) - np.log(np.pi * nu) / 2
        return np.exp(norm - (nu + 1) / 2 * np.log1p(z**2 / nu)) / self._scale

    def cdf(self, v: Floats) -> Floats:
        """Probability below v."""
        z = (v - self.slope) / self._scale
        return np.asarray(ndtr(z) if np.isinf(self._degrees) else stdtr(self._degrees, z))

    def quantiles(self, probabilities: Floats) -> Floats:
        """Of probabilities in (0, 1)."""
        nu = self._degrees
        z = ndtri(probabilities) if np.isinf(nu) else stdtrit(nu, probabilities)
        return np.asarray(self.slope + self._scale * z)

    def moments(self) -> tuple[float, float]:
        """Mean and variance; T s^2 / 2, or T s^2 / (2 - 2 T), infinite from T = 1 on."""
        if np.isinf(self._degrees):
            return self.slope, self._scale**2
        nu = self._degrees
        return self.slope, self._scale**2 * nu / (nu - 2) if nu > 2 else np.inf


@dataclass(frozen=True)
class Chains:
    """Depth 1 and more, on v > 0, where the law is normalisable.

    Attributes:
        depth: D.
        temperature: T.
        slope: k > 0.
        label_noise: s.
        inputs: of which law.
        width: W.
    """

    depth: int
    temperature: float
    slope: float
    label_noise: float
    inputs: Law
    width: int

    def density(self, v: Floats) -> Floats:
        """Of v, any order; 0 where v is not positive."""
        found = np.where(np.isnan(v), np.nan, 0.0)
        (inside,) = np.nonzero(v > 0)
        inside = inside[np.argsort(v[inside])]
        t = self._logarithm(v[inside])
        with np.errstate(under="ignore"):
            weight = np.exp(self._log_weight(t) - self._grid.log_norm - np.log(v[inside]))
        found[inside] = weight / (self.depth + 1)
        return found

    def cdf(self, v: Floats) -> Floats:
        """Probability below v."""
        inside = v > 0
        t = self._logarithm(np.where(inside, v, 1.0))
        return np.where(inside, self._grid.cdf(t), np.where(np.isnan(v), np.nan, 0.0))

    def quantiles(self, probabilities: Floats) -> Floats:
        """Of probabilities in (0, 1)."""
        return self._products(self._grid.quantiles(probabilities))

    def moments(self) -> tuple[float, float]:
        """Mean and variance, which are finite at every temperature."""
        v, mass = self._products(self._grid.t), self._grid.mass
        mean = float(mass @ v)
        return mean, float(mass @ (v - mean) ** 2)

    @cached_property
    def _grid(self) -> Grid:
        start = float(self._logarithm(np.array(self.slope)))
        return fitted(self._log_weight, start, growth=2.0 * (self.depth + 1))

    def _logarithm(self, v: Floats) -> Floats:
        return np.asarray(np.log(v / self.width) / (self.depth + 1))

    def _products(self, t: Floats) -> Floats:
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(self.width * np.exp((self.depth + 1) * t))

    def _noise(self, v: Floats) -> Floats:
        return input_variance(self.inputs) * (v - self.slope) ** 2 + self.label_noise**2

    def _log_weight(self, t: Floats) -> Floats:
        """Logarithm of p(t), up to a constant, at ascending t (n,)."""
        D, k = self.depth, self.slope
        at_zero = gradient_noise_at_zero(k, self.label_noise, self.inputs)
        # Far out everything over- or underflows, to a density of 0.
        with np.errstate(all="ignore"):
            # J's part that is singular at u = 0 is a closed form; the rest is smooth.
            singular = -k * t if D == 1 else k * np.exp((1 - D) * t) / (D - 1)
            potential = singular / at_zero + self._regular(t, at_zero)
            found = (1 - 2 * D) * t - np.log(self._noise(self._products(t)))
            found -= 2 / self.temperature * potential
        return np.where(np.isnan(found), -np.inf, found)

    def _regular(self, t: Floats, at_zero: float) -> Floats:
        """Integral from 0 to u of W u (s^2 + a k (v - k)) / (C(v) C(0)), the rest of J."""
        a, k, s, W = input_variance(self.inputs), self.slope, self.label_noise, self.width
        if a == 0 or t.size == 0:
            return np.asarray(W * np.exp(2 * t) / (2 * s**2))
        # Panels over which the integrand changes little: equal steps of arsinh((v - k) / s), wherever v is positive.
        last = min(float(np.arcsinh((self._products(t[-1]) + k) / s)), LARGEST)
        first = float(np.arcsinh(-k / s))
        edges = k + s * np.sinh(np.arange(first + PANEL, last, PANEL))
        knots = np.unique(np.concatenate([t, self._logarithm(edges)]))
        u = np.exp(np.concatenate([[-np.inf], knots]))
        half = np.diff(u)[:, None] / 2
        at = u[:-1, None] + half * (1 + NODES)
        v = W * at ** (self.depth + 1)
        slopes = W * at * (s**2 + a * k * (v - k)) / (self._noise(v) * at_zero)
        return np.asarray(np.cumsum((slopes * half) @ WEIGHTS)[np.searchsorted(knots, t)])
