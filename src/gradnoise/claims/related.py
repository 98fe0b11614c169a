"""Claims of the related studies: one for each, true where every number that its statement gives a range lies in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gradnoise.claims.claim import Claim, once
from gradnoise.claims.evidence import NotTestableError
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.power import Noise
from gradnoise.related.results import STAGE, is_judged
from gradnoise.related.study import Row, Study
from gradnoise.store.registry import registered
from gradnoise.tables.moderated.contrasts import NETWORKS, Scope

STUDIES: dict[str, Study] = registered("gradnoise.related.studies.exact", "STUDY") | registered(
    "gradnoise.related.studies.networks", "STUDY"
)


@dataclass(frozen=True)
class Measured:
    """What one study found.

    Attributes:
        rows: of the table `related_quantities`.
    """

    rows: pd.DataFrame

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """These simulations."""
        return (NETWORKS,)

    def noise(self, scope: Scope) -> Noise | None:
        """Repeats; None where nothing is random."""
        if (self.rows["error"] == 0).all():
            return None
        return Noise("repeats", int(self.rows["repeats"].iloc[0]), f"{STAGE}.repeats")

    def described(self, all_epochs: bool) -> dict[str, Any]:
        """What the claims table says of it."""
        name = str(self.rows["study"].iloc[0])
        return {
            "run": STAGE,
            "network": STUDIES[name].source,
            "repeats": self.rows["repeats"].iloc[0],
        }


def components(subject: Measured, scope: Scope) -> Sequence[Component]:
    """Every number that the statement gives a range."""
    rows = [Row(*each) for each in subject.rows[list(Row._fields)].itertuples(index=False)]
    return [
        Component(
            row.quantity, row.measured, row.error, row.degrees,
            least=row.least, most=row.most, margin=_margin(row),
        )
        for row in rows
        if is_judged(row)
    ]  # fmt: skip


def _margin(row: Row) -> float:
    """Unit of the distance into a range with one end: that end, or 1 where it is 0."""
    end = row.most if row.least == -float("inf") else row.least
    return abs(end) or 1.0


def _about(study: str) -> Callable[[Experiment], Sequence[Measured]]:
    def about(experiment: Experiment) -> Sequence[Measured]:
        table = experiment.shared.get(f"{STAGE}_quantities")
        rows = None if table is None else table[table["study"] == study]
        if rows is None or rows.empty:
            raise NotTestableError(f"needs {study} in {STAGE}.studies")
        return [Measured(rows)]

    return about


CLAIMS = [
    Claim(
        *(name, study.statement, "related", "related"),
        "the study's numbers, in the ranges that its statement gives them",
        components,
        about=_about(name),
        cases=once,
        unit="",
    )
    for name, study in STUDIES.items()
]
