"""From components to a verdict.

A claim that every component holds is supported where each one's own 95 % interval lies in its range: all of them
have to, so the intersection-union test needs no correction. It is contradicted where some component is certainly outside
after Holm's correction over all of them (over each family, where a claim says two different things). A claim that some component differs is decided the other way round.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.claims.scheme.component import (
    CONTRADICTED,
    LEVEL,
    OPEN,
    SUPPORTED,
    Component,
    Verdict,
)


class Decision(NamedTuple):
    """A verdict, and what it stands on.

    Attributes:
        verdict: on the claim.
        worst: place of the component that decides: of those with the claim's verdict, the nearest to another one
            (contradicted, and "some": the furthest outside, or the most certainly so where it is open).
        verdicts: on every component: supported where it lies in its range, whatever the claim is.
    """

    verdict: Verdict
    worst: int
    verdicts: tuple[Verdict, ...]


Rule = Callable[[Sequence[Component]], Decision]


def every(components: Sequence[Component]) -> Decision:
    """Verdict on "every component lies in its range".

    Raises:
        ValueError: without components.
    """
    found = each(components)
    if CONTRADICTED in found:
        return Decision(CONTRADICTED, _furthest_out(components, found), found)
    needed = [k for k, part in enumerate(components) if not part.only_refutes]
    needed = needed or list(range(len(components)))
    verdict = OPEN if any(found[k] == OPEN for k in needed) else SUPPORTED
    return Decision(verdict, _least(components, [k for k in needed if found[k] == verdict]), found)


def some(components: Sequence[Component]) -> Decision:
    """Verdict on "some component lies outside its range"; contradicted where each one certainly lies inside.

    Raises:
        ValueError: without components.
    """
    found = each(components)
    if CONTRADICTED in found:
        return Decision(SUPPORTED, _furthest_out(components, found), found)
    if OPEN in found:
        # Not the widest interval: the one that is most likely outside.
        places = [k for k, one in enumerate(found) if one == OPEN]
        chances = [components[k].outside for k in places]
        return Decision(OPEN, places[int(np.argmin(chances))], found)
    return Decision(CONTRADICTED, _least(components, range(len(components))), found)


def each(components: Sequence[Component]) -> tuple[Verdict, ...]:
    """Verdict on every component: its own interval supports, contradiction is Holm's over its family."""
    if not components:
        raise ValueError("components: found none; at least one is needed")
    families = np.array([part.family for part in components])
    pvalues = np.array([part.outside for part in components])
    refuted = np.zeros(len(components), bool)
    for family in np.unique(families):
        mine = families == family
        refuted[mine] = holm(pvalues[mine])
    return tuple(
        CONTRADICTED if out else SUPPORTED if part.inside <= LEVEL else OPEN
        for part, out in zip(components, refuted, strict=True)
    )


def holm(pvalues: NDArray[np.float64], level: float = LEVEL) -> NDArray[np.bool_]:
    """Which hypotheses are rejected at a familywise error rate (Holm 1979).

    Args:
        pvalues: (m,).
        level: of the family.

    Returns:
        (m,).
    """
    order = np.argsort(pvalues, kind="stable")
    count = len(pvalues)
    passed = pvalues[order] <= level / (count - np.arange(count))
    rejected = np.zeros(count, bool)
    rejected[order] = np.logical_and.accumulate(passed)
    return rejected


def _least(components: Sequence[Component], places: Sequence[int]) -> int:
    """The component whose interval reaches furthest towards the outside, or has no interval."""
    ends = [components[k].standardised[1] for k in places]
    return places[int(np.argmin(np.nan_to_num(ends, nan=-np.inf)))]


def _furthest_out(components: Sequence[Component], found: Sequence[Verdict]) -> int:
    places = [k for k, one in enumerate(found) if one == CONTRADICTED]
    return places[int(np.argmin([components[k].standardised[0] for k in places]))]
