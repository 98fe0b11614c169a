"""What a claim is, and how it becomes rows of the claims table.

A 95 % interval wholly beyond the threshold supports a claim, one wholly on the other side contradicts it,
anything else leaves it undecided. Where a claim is about every layer, the intervals cover all of them at
once. A verdict has to be the same for every number of batches tested with, and whether constant
coordinates count as Gaussian (the paper's convention) or are left out; else the claim is undecided and all
cases are shown. Nothing here is typed in: claims that need stages which have not run say so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from gradnoise.claims.evidence import CONVENTIONS, Evidence, NotTestableError, Pair, need
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.verdicts import (
    NOT_TESTABLE,
    Component,
    Families,
    Rule,
    Verdict,
    agree,
    any_beyond,
    every,
)


class Subject(Protocol):
    """What a claim is decided for: a run, a pair of runs or a trajectory."""

    @property
    def can_estimate(self) -> bool:
        """Whether something was repeated, so that an interval exists."""

    def scope(self, all_epochs: bool) -> dict[str, Any]:
        """What it covers, for the claims table."""


def each_run(experiment: Experiment) -> Sequence[Evidence]:
    """The claim is about every run by itself."""
    return experiment.runs


def conventions(subject: Evidence | Pair) -> dict[str, tuple[int, str]]:
    """Every number of batches, with constant coordinates counted as Gaussian and left out."""
    return {
        f"n = {batches}, {convention}": (batches, column)
        for batches in subject.counts
        for convention, column in CONVENTIONS.items()
    }


def batch_counts(subject: Evidence | Pair) -> dict[str, tuple[int]]:
    """Every number of batches."""
    return {f"n = {batches}": (batches,) for batches in subject.counts}


def once(subject: Subject) -> dict[str, tuple[()]]:
    """One case: neither the number of batches nor the convention matters."""
    return {"all": ()}


def no_remark(subject: Subject) -> str:
    """The interval says all."""
    return ""


@dataclass(frozen=True)
class Claim:
    """One claim: its words, what is measured, and of what.

    Attributes:
        name: short, unique.
        statement: in the words of the page.
        origin: who says so.
        measure: of a subject and the arguments of a case: families of components, all of which have to hold.
            Within a family all intervals cover at once. Raises `NotTestableError` where a condition is not met.
        about: the subjects that an experiment has for it. Raises `NotTestableError` where there can be none.
        cases: what the verdict has to agree on, by name, with the arguments that `measure` gets.
        remark: what the reader of a verdict has to know besides the interval, computed from the subject.
        rule: every component holds, or (for a claim that something differs) some lies outside.
        measured_in: unit of what is measured, empty for pure numbers.
        all_epochs: whether the claim is about training, not only the last measured epoch.
        over_repeats: whether the interval is over repeats, however many seeds there are.
        list_quantities: whether the table lists every quantity, not the deciding one of every case.
    """

    name: str
    statement: str
    origin: Literal["paper", "gradnoise"]
    measure: Callable[..., Families]
    about: Callable[[Experiment], Sequence[Subject]] = each_run
    cases: Callable[[Any], Mapping[str, tuple[Any, ...]]] = conventions
    remark: Callable[[Any], str] = no_remark
    rule: Rule = every
    measured_in: str = "points"
    all_epochs: bool = False
    over_repeats: bool = False
    list_quantities: bool = False


def decide(claim: Claim, experiment: Experiment) -> list[dict[str, Any]]:
    """Rows of the claims table: one for every subject that meets the conditions, else one that says why not."""
    rows: list[dict[str, Any]] = []
    reasons: list[str] = []
    subjects: Sequence[Subject] = []
    try:
        subjects = claim.about(experiment)
    except NotTestableError as problem:
        reasons.append(str(problem))
    for subject in subjects:
        try:
            rows.append(_head(claim) | _decided(claim, subject))
        except NotTestableError as problem:
            reasons.append(str(problem))
    reason = "; ".join(dict.fromkeys(reasons))
    return rows or [_head(claim) | {"verdict": NOT_TESTABLE, "reason": reason}]


def _head(claim: Claim) -> dict[str, Any]:
    return {"claim": claim.name, "statement": claim.statement, "origin": claim.origin}


def _decided(claim: Claim, subject: Subject) -> dict[str, Any]:
    need(subject.can_estimate, "two repeats or three training seeds for an interval")
    measured = {
        name: [part for family in claim.measure(subject, *case) for part in family]
        for name, case in claim.cases(subject).items()
    }
    cases = {name: claim.rule(parts) for name, parts in measured.items()}
    verdict = agree(found for found, _ in cases.values())
    weakest = _weakest(verdict, list(cases.values()))
    agreed = all(found == verdict for found, _ in cases.values())
    remarks = ["" if agreed else "the cases disagree", claim.remark(subject)]
    return {
        **subject.scope(claim.all_epochs),
        **({"unit": "repeat"} if claim.over_repeats else {}),
        "verdict": verdict,
        "quantity": weakest.label,
        "measured": weakest.value,
        "lower": weakest.lower,
        "upper": weakest.upper,
        "threshold": weakest.outside if claim.rule is any_beyond else weakest.threshold,
        "reason": "; ".join(filter(None, remarks)),
        "cases": _quantities(measured) if claim.list_quantities else _cases(cases),
        "measured_in": claim.measured_in,
    }


def _weakest(verdict: Verdict, cases: Sequence[tuple[Verdict, Component]]) -> Component:
    """The case nearest to another verdict speaks for all, among those that found the common one."""
    agreeing = [part for found, part in cases if found == verdict]
    return min(agreeing or [part for _, part in cases], key=lambda part: abs(part.margin))


def _cases(cases: Mapping[str, tuple[Verdict, Component]]) -> str:
    return "; ".join(
        f"{case}: {found} ({part.label} {part.value:.2f} [{part.lower:.2f}, {part.upper:.2f}])"
        for case, (found, part) in cases.items()
    )


def _quantities(measured: Mapping[str, Sequence[Component]]) -> str:
    return "; ".join(
        f"{part.label}: {part.verdict} ({part.value:.3g} [{part.lower:.3g}, {part.upper:.3g}], "
        f"claimed {part.threshold})"
        for parts in measured.values()
        for part in parts
    )
