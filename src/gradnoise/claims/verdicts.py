"""How a claim is decided: intervals against thresholds, all layers at once, both conventions together."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from gradnoise.tables.intervals import interval

Verdict = Literal["supported", "contradicted", "undecided", "not testable here"]


SUPPORTED: Verdict = "supported"


CONTRADICTED: Verdict = "contradicted"


UNDECIDED: Verdict = "undecided"


NOT_TESTABLE: Verdict = "not testable here"


@dataclass(frozen=True)
class Component:
    """One quantity of a claim, with its simultaneous interval and the range it has to lie in.

    Attributes:
        label: what it is (a layer, a pair of batch sizes).
        value, lower, upper: measured, with interval; NaN where there is none.
        least, most: the claim says least < quantity < most; one of them may be infinite.
        rejects_only: the component can contradict the claim but is not needed to support it.
        refuted_above: where a claim is contradicted only beyond another threshold than `most`.
        decision: verdict of an exact test, where no interval decides.
    """

    label: str
    value: float
    lower: float
    upper: float
    least: float = -math.inf
    most: float = math.inf
    rejects_only: bool = False
    refuted_above: float = math.nan
    decision: Verdict | None = None

    @property
    def verdict(self) -> Verdict:
        """Supported where the whole interval lies in the range, contradicted where none of it does.

        A range of one point is a claim of equality: it is supported where the interval contains the point.
        """
        if self.decision:
            return self.decision
        if self.least == self.most and not math.isnan(self.lower):
            return SUPPORTED if self.lower <= self.least <= self.upper else CONTRADICTED
        if self.lower > self.least and self.upper < self.most:
            return SUPPORTED
        beyond = self.most if math.isnan(self.refuted_above) else self.refuted_above
        if self.upper <= self.least or self.lower >= beyond:
            return CONTRADICTED
        return SUPPORTED if self.rejects_only else UNDECIDED

    @property
    def margin(self) -> float:
        """How far the interval's worse end lies inside the range (negative: outside)."""
        margin = min(self.lower - self.least, self.most - self.upper)
        if self.least == self.most:
            margin = min(self.upper - self.least, self.most - self.lower)
        return -math.inf if math.isnan(margin) else margin

    @property
    def threshold(self) -> str:
        """The range in words."""
        if self.least == self.most:
            return f"= {self.most:g}"
        if math.isinf(self.least):
            return f"< {self.most:g}"
        if math.isinf(self.most):
            return f"> {self.least:g}"
        return f"between {self.least:g} and {self.most:g}"

    @property
    def outside(self) -> str:
        """The complement of a range with two ends, in words."""
        return f"< {self.least:g} or > {self.most:g}"


Families = list[list[Component]]  # within a family all intervals cover at once


Rule = Callable[[Sequence[Component]], tuple[Verdict, Component]]


def components(estimates: pd.DataFrame, thresholds: pd.DataFrame) -> list[Component]:
    """Pair estimates with thresholds, their intervals covering at once (Bonferroni).

    Args:
        estimates: as `intervals.estimate` returns, labelled.
        thresholds: rows alike, with `least`, `most` and `rejects_only` where it matters.
    """
    lower, upper = interval(estimates, comparisons=max(1, len(estimates)))
    return [
        Component(
            str(label),
            float(estimates["value"].iloc[row]),
            float(lower.iloc[row]),
            float(upper.iloc[row]),
            **{str(name): value for name, value in thresholds.iloc[row].items()},
        )
        for row, label in enumerate(estimates.index)
    ]


def every(parts: Sequence[Component]) -> tuple[Verdict, Component]:
    """Verdict on "every component holds", and the component that decides it."""
    found = [part.verdict for part in parts]
    if CONTRADICTED in found:
        worst = [part for part in parts if part.verdict == CONTRADICTED]
        return CONTRADICTED, min(worst, key=lambda part: part.margin)
    needed = [part for part in parts if not part.rejects_only] or parts
    decisive = min(needed, key=lambda part: part.margin)
    return (UNDECIDED if UNDECIDED in found else SUPPORTED), decisive


def any_beyond(parts: Sequence[Component]) -> tuple[Verdict, Component]:
    """Verdict on "some component lies outside its range"; contradicted where all lie inside."""
    outside = [part for part in parts if part.verdict == CONTRADICTED]
    if outside:
        return SUPPORTED, min(outside, key=lambda part: part.margin)
    widest = min(parts, key=lambda part: part.margin)
    inside = all(part.verdict == SUPPORTED for part in parts)
    return (CONTRADICTED if inside else UNDECIDED), widest


def agree(verdicts: Iterable[Verdict]) -> Verdict:
    """The common verdict of all conventions and batch counts, or undecided."""
    found = set(verdicts)
    return found.pop() if len(found) == 1 else UNDECIDED
