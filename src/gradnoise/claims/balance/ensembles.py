"""What claims on noise balance are decided from: the tables of a study of ensembles."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gradnoise.claims.evidence import NotTestableError
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.scheme.power import Noise
from gradnoise.tables.moderated.contrasts import NETWORKS, Scope

STAGE = "balance"


@dataclass(frozen=True)
class Ensembles:
    """The tables of one study.

    Attributes:
        tables: by name, without the stage's.
        replicas: of an ensemble.
    """

    tables: Mapping[str, pd.DataFrame]
    replicas: int

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """These ensembles."""
        return (NETWORKS,)

    def noise(self, scope: Scope) -> Noise:
        """Replicas."""
        return Noise("replicas", self.replicas, "balance.replicas")

    def described(self, all_epochs: bool) -> dict[str, Any]:
        """What the claims table says of it."""
        return {
            "run": STAGE,
            "network": "diagonal linear networks, data of one dimension",
            "repeats": self.replicas,
        }


def of_study(study: str, *names: str) -> Callable[[Experiment], Sequence[Ensembles]]:
    """Subjects of claims that a study's tables decide."""

    def about(experiment: Experiment) -> Sequence[Ensembles]:
        found = {name: experiment.shared.get(f"{STAGE}_{name}") for name in names}
        present = {name: table for name, table in found.items() if table is not None}
        if len(present) < len(names):
            raise NotTestableError(f"needs {study} in balance.studies")
        return [Ensembles(present, int(present[names[0]]["replicas"].iloc[0]))]

    return about
