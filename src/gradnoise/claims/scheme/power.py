"""What would decide an open claim: how many more repetitions, if the estimates stay as they are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from gradnoise.claims.scheme.component import OPEN, Component
from gradnoise.claims.scheme.decision import Rule

MOST = 1000  # times as many repetitions: beyond, the truth is too near to the threshold


@dataclass(frozen=True)
class Noise:
    """What the errors of a verdict come from.

    Attributes:
        unit: of which there could be more, in the plural: training seeds, repeats, steps.
        count: how many there were; errors fall as the root of it.
        key: the config key that sets it.
        independent: whether each one is a degree of freedom by itself (steps of a trajectory are not).
    """

    unit: str
    count: int
    key: str
    independent: bool = True


def what_would_decide(components: Sequence[Component], rule: Rule, noise: Noise) -> str:
    """In words, "about 4 more training seeds"; of an open claim.

    Args:
        components: of the claim.
        rule: `every` or `some`.
        noise: what there could be more of.
    """
    total = needed(components, rule, noise)
    if total is None:
        between = any(_between_thresholds(part) for part in components)
        where = "lies between its two thresholds" if between else "is too near to its threshold"
        return f"not even {MOST:,} times as many {noise.unit} would: an estimate {where}"
    more = _rounded(total - noise.count)
    # "repeats of the draws": the first plural.
    unit = re.sub(r"s\b", "", noise.unit, count=1) if more == 1 else noise.unit
    return f"about {more:,} more {unit}"


def needed(components: Sequence[Component], rule: Rule, noise: Noise) -> int | None:
    """Repetitions in all that decide the claim at the present estimates, None where too many would be.

    Errors fall as the root of their number, degrees of freedom grow with it.
    """

    too_few, enough = noise.count, 2 * noise.count
    while _is_open(components, rule, noise, enough):
        too_few, enough = enough, 2 * enough
        if enough > MOST * noise.count:
            return None
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (
            (middle, enough) if _is_open(components, rule, noise, middle) else (too_few, middle)
        )
    return enough


def _between_thresholds(part: Component) -> bool:
    """Outside the range, and not beyond what contradicts: open without any error, too."""
    return part.refuted_below <= part.value < part.least or (
        part.most < part.value <= part.refuted_above
    )


def _is_open(components: Sequence[Component], rule: Rule, noise: Noise, count: int) -> bool:
    return rule([_with(part, count, noise) for part in components]).verdict == OPEN


def _with(part: Component, count: int, noise: Noise) -> Component:
    """The component as so many repetitions would show it."""
    factor = np.sqrt(noise.count / count)
    added = count - noise.count if noise.independent else 0
    changed: dict[str, Any] = {"error": part.error * factor, "degrees": part.degrees + added}
    if part.bounds:
        ends = (part.value + factor * (end - part.value) for end in part.bounds)
        changed["bounds"] = tuple(ends)
    if part.pvalues:
        changed["pvalues"] = tuple(float(ndtr(ndtri(p) / factor)) for p in part.pvalues)
    return replace(part, **changed)


def _rounded(number: int) -> int:
    """Two digits are enough."""
    digits = len(str(number)) - 2
    return int(round(number, -digits)) if digits > 0 else number
