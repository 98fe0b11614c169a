"""One quantity of a claim: measured, with its error, and the range that the claim says it lies in."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from scipy.special import stdtr, stdtrit

Verdict = Literal["supported", "contradicted", "open", "not testable here"]

SUPPORTED: Verdict = "supported"

CONTRADICTED: Verdict = "contradicted"

OPEN: Verdict = "open"

NOT_TESTABLE: Verdict = "not testable here"

LEVEL = 0.025  # one-sided: an interval covers 95 %


@dataclass(frozen=True)
class Component:
    """One quantity with the range it has to lie in: least < quantity < most, one end may be infinite.

    Its estimate has Student's t distribution around the truth, unless `bounds` and `pvalues` say otherwise.

    Attributes:
        label: what it is (a layer, a pair of batch sizes).
        value: measured.
        error: standard error, with `degrees` of freedom; 0 for a number without error (then an end of the range
            belongs to it), NaN where nothing was repeated.
        least, most: the range that the claim says.
        refuted_below, refuted_above: thresholds beyond which the claim is contradicted, where these are further
            out than the range; between both, the component is open whatever its error.
        family: components of one sentence of the claim: contradiction is corrected over each family by itself.
        only_refutes: can contradict the claim, but is not needed to support it.
        lowest, highest: values that are possible, for the interval (percentages: 0 and 100).
        margin: unit of `standardised`, for a range with one end; with two ends it is half their distance.
        bounds: 95 % interval where it is not Student's.
        exact: `bounds` decide by themselves, without a correction for the number of components.
        pvalues: of "it does not lie in the range" and of "it does not lie beyond the thresholds", where these
            are not Student's. Small: certainly inside, certainly outside.
    """

    label: str
    value: float
    error: float
    degrees: float = math.inf
    least: float = -math.inf
    most: float = math.inf
    refuted_below: float = math.nan
    refuted_above: float = math.nan
    family: str = ""
    only_refutes: bool = False
    lowest: float = -math.inf
    highest: float = math.inf
    margin: float = 1.0
    bounds: tuple[float, float] | None = None
    exact: bool = False
    pvalues: tuple[float, float] | None = None

    @cached_property
    def interval(self) -> tuple[float, float]:
        """95 % interval, NaN where there is none; never beyond what is possible."""
        if self.bounds is None:
            half = -float(_quantile(LEVEL, self.degrees)) * self.error
            lower, upper = self.value - half, self.value + half
        else:
            lower, upper = self.bounds
        if math.isnan(lower) or math.isnan(upper):
            return math.nan, math.nan
        return max(lower, self.lowest), min(upper, self.highest)

    @cached_property
    def inside(self) -> float:
        """p-value of "it does not lie in the range": at most 0.025 where the 95 % interval lies in it."""
        if self.pvalues:
            return self.pvalues[0]
        if self.bounds:
            lower, upper = self.bounds
            inside = lower > self.least and upper < self.most
            return self._of_bounds if inside else 1.0
        return max(self._above(self.least), self._below(self.most))

    @cached_property
    def outside(self) -> float:
        """p-value of "it does not lie beyond the thresholds" on either side.

        From `bounds` alone it is 0.025 or 1: with several components these decide nothing after Holm, unless they
        are `exact`. What certainly lies in the range does not lie beyond its thresholds, where these overlap.
        """
        if self.pvalues:
            return self.pvalues[1]
        low = self.least if math.isnan(self.refuted_below) else self.refuted_below
        high = self.most if math.isnan(self.refuted_above) else self.refuted_above
        if self.bounds:
            lower, upper = self.bounds
            beyond = upper <= low or lower >= high
            return self._of_bounds if beyond and self.inside == 1 else 1.0
        if self.error == 0:
            return 0.0 if self.value < low or self.value > high else 1.0
        return min(self._below(low), self._above(high))

    @property
    def _of_bounds(self) -> float:
        """p-value of what `bounds` say."""
        return 0.0 if self.exact else LEVEL

    def _above(self, threshold: float) -> float:
        """p-value of "at most the threshold"."""
        if math.isinf(threshold):
            return 0.0 if threshold < 0 else 1.0
        if self.error == 0:
            return 0.0 if self.value >= threshold else 1.0
        score = (self.value - threshold) / self.error
        return 1.0 if math.isnan(score) else float(_tail(-score, self.degrees))

    def _below(self, threshold: float) -> float:
        """p-value of "at least the threshold"."""
        if math.isinf(threshold):
            return 0.0 if threshold > 0 else 1.0
        if self.error == 0:
            return 0.0 if self.value <= threshold else 1.0
        score = (self.value - threshold) / self.error
        return 1.0 if math.isnan(score) else float(_tail(score, self.degrees))

    @property
    def threshold(self) -> str:
        """The range in words."""
        if math.isinf(self.least):
            return f"< {self.most:g}"
        if math.isinf(self.most):
            return f"> {self.least:g}"
        return f"between {self.least:g} and {self.most:g}"

    @property
    def complement(self) -> str:
        """What is not in the range, in words."""
        if math.isinf(self.least):
            return f"> {self.most:g}"
        if math.isinf(self.most):
            return f"< {self.least:g}"
        return f"< {self.least:g} or > {self.most:g}"

    @property
    def standardised(self) -> tuple[float, float, float]:
        """Distance into the range (negative: out of it) over the margin: of the value, and its interval.

        The range may have two ends: then it is the distance from the nearer one, in half widths, 1 in the middle
        of the range. The interval lies above 0 exactly where the 95 % interval of the quantity lies in the range,
        below 0 exactly where it lies outside.
        """
        lower, upper = self.interval
        centre = (self.least + self.most) / 2
        inner = centre if lower <= centre <= upper else self.value
        ends = self._into(lower), self._into(upper)
        return self._into(self.value), min(ends), max(*ends, self._into(inner))

    def _into(self, value: float) -> float:
        two = math.isfinite(self.least) and math.isfinite(self.most)
        unit = (self.most - self.least) / 2 if two else self.margin
        return min(value - self.least, self.most - value) / unit


def _tail(score: float, degrees: float) -> float:
    """Student's distribution function, normal for infinitely many degrees."""
    return stdtr(min(degrees, 1e9), score) if degrees > 0 else 1.0


def _quantile(level: float, degrees: float) -> float:
    return stdtrit(min(degrees, 1e9), level) if degrees > 0 else math.nan
