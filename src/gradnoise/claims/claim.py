"""What a claim is.

A measure says what a claim is about as components (`scheme.component`): quantities with their errors and ranges, for
each scope: these networks, and the architecture where there are three training seeds. One case decides, the paper's
convention; others stand beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from gradnoise.claims.evidence import Evidence, NotTestableError, Pair
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.quantities import DIRECTIONS, GAUSSIAN
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.decision import Rule, every
from gradnoise.claims.scheme.power import Noise
from gradnoise.tables.moderated.contrasts import Scope

Group = Literal["gradient noise", "dynamics", "ours", "companions", "related", "instrument"]

GROUPS: tuple[Group, ...] = (
    *("gradient noise", "dynamics", "ours", "companions", "related", "instrument"),
)

DECIDING = 200  # batches of the case that decides, where it was tested with so many


class Subject(Protocol):
    """What a claim is decided for: a run, a pair of runs or a trajectory."""

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """What a verdict can speak of."""

    def noise(self, scope: Scope) -> Noise | None:
        """What errors come from; None where more of it cannot be asked for."""

    def described(self, all_epochs: bool) -> dict[str, Any]:
        """What it covers, for the claims table."""


def each_run(experiment: Experiment) -> Sequence[Evidence]:
    """The claim is about every run by itself."""
    _require_runs(experiment)
    return experiment.runs


def each_gradient(experiment: Experiment) -> Sequence[Evidence]:
    """The claim is about gradients of single samples: runs that share another's have no row of their own."""
    _require_runs(experiment)
    return [run for run in experiment.runs if not run.shares_gradients]


def _require_runs(experiment: Experiment) -> None:
    if not experiment.runs:
        raise NotTestableError("needs a run that samples noise")


def deciding(counts: Sequence[int]) -> int:
    """The number of batches that decides: 200, or the fewest."""
    return DECIDING if DECIDING in counts else min(counts)


def conventions(subject: Evidence | Pair) -> dict[str, tuple[int, str]]:
    """The paper's convention at 200 batches; other numbers, tests and populations."""
    first = deciding(subject.counts)
    cases = {f"n = {first}": (first, GAUSSIAN)}
    cases |= {f"n = {count}": (count, GAUSSIAN) for count in subject.counts if count != first}
    return cases | {
        "constants left out": (first, "percentage_testable"),
        "random directions": (first, DIRECTIONS),
        "Anderson-Darling": (first, "percentage_anderson_darling"),
    }


def batch_counts(subject: Evidence | Pair) -> dict[str, tuple[int]]:
    """200 batches decide; other numbers."""
    first = deciding(subject.counts)
    others = [count for count in subject.counts if count != first]
    return {f"n = {count}": (count,) for count in (first, *others)}


def once(subject: Subject) -> dict[str, tuple[()]]:
    """One case: neither the number of batches nor the convention matters."""
    return {"": ()}


def no_remark(subject: Any) -> str:
    """The interval says all."""
    return ""


def of_the_subject(subject: Subject, scope: Scope) -> Noise | None:
    """Errors come from what the subject was repeated by."""
    return subject.noise(scope)


@dataclass(frozen=True)
class Claim:
    """One claim: its words, what is measured, and of what.

    Attributes:
        name: short, unique.
        statement: in the words of the page.
        group: where it stands on the page.
        origin: who says so.
        measured: the quantity in words, as the statement means it.
        measure: of a subject, a scope and the arguments of a case: the components. Raises `NotTestableError` where
            a condition is not met, or the scope is none of which the quantity can speak.
        about: the subjects that an experiment has for it. Raises `NotTestableError` where there can be none.
        cases: by name, with the arguments that `measure` gets; the first one decides, the others are shown beside.
        rule: every component lies in its range, or (for a claim that something differs) some lies outside.
        unit: of what is measured, empty for pure numbers.
        noise: what the errors come from, and what there could be more of.
        remark: what the reader of a verdict has to know besides the interval, computed from the subject.
        all_epochs: whether the claim is about training, not only the last measured epoch.
    """

    name: str
    statement: str
    group: Group
    origin: Literal["paper", "gradnoise", "companion", "related"]
    measured: str
    measure: Callable[..., Sequence[Component]]
    about: Callable[[Experiment], Sequence[Subject]] = each_run
    cases: Callable[[Any], Mapping[str, tuple[Any, ...]]] = conventions
    rule: Rule = every
    unit: str = "points"
    noise: Callable[[Any, Scope], Noise | None] = of_the_subject
    remark: Callable[[Any], str] = no_remark
    all_epochs: bool = False
