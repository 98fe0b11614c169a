"""What claims on information geometry are decided from: tables of the geometry stage's studies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from gradnoise.claims.evidence import NotTestableError
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.power import Noise
from gradnoise.tables.moderated.contrasts import NETWORKS, Scope

STAGE = "geometry"


@dataclass(frozen=True)
class Networks:
    """Tables of studies.

    Attributes:
        tables: by name, without the stage's.
        repeats: networks or seeds that an error comes from.
        unit: what they are, in the plural.
        key: the config key that sets how many; "" where none does.
    """

    tables: Mapping[str, pd.DataFrame]
    repeats: int
    unit: str
    key: str

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """These networks."""
        return (NETWORKS,)

    def noise(self, scope: Scope) -> Noise | None:
        """Networks; none where there cannot be more of them."""
        return Noise(self.unit, self.repeats, self.key) if self.key else None

    def described(self, all_epochs: bool) -> dict[str, Any]:
        """What the claims table says of them."""
        return {"run": STAGE, "network": "deep tanh networks", "repeats": self.repeats}


def of_tables(
    studies: Sequence[str],
    tables: Sequence[str],
    repeats: Callable[[Mapping[str, pd.DataFrame]], int],
    unit: str = "networks",
    key: str = "",
) -> Callable[[Experiment], Sequence[Networks]]:
    """Subjects of claims that the tables of some studies decide.

    Args:
        studies: that have to be made.
        tables: of theirs, that are needed.
        repeats: from the tables to what an error comes from.
        unit, key: as `Networks` has them.
    """

    def about(experiment: Experiment) -> Sequence[Networks]:
        found = {name: experiment.shared.get(f"{STAGE}_{name}") for name in tables}
        present = {name: table for name, table in found.items() if table is not None}
        if len(present) < len(tables):
            raise NotTestableError(f"needs {' and '.join(studies)} in geometry.studies")
        return [Networks(present, repeats(present), unit, key)]

    return about


def difference(label: str, one: ArrayLike, other: ArrayLike, **options: Any) -> Component:
    """Difference of two means of independent values, with Welch's error and degrees of freedom.

    Args:
        label: of the component.
        one, other: values, (n,) and (m,).
        options: of the component, its range among them.
    """
    samples = [np.asarray(each, float) for each in (one, other)]
    parts = np.array([each.var(ddof=1) / each.size for each in samples])
    degrees = np.array([each.size - 1 for each in samples])
    whole = parts.sum()
    freedom = float(whole**2 / (parts**2 / degrees).sum()) if whole > 0 else np.inf
    value = float(samples[0].mean() - samples[1].mean())
    return Component(label, value, float(whole**0.5), freedom, **options)


def mean(label: str, values: ArrayLike, **options: Any) -> Component:
    """Mean of independent values, with its error; arguments as in `difference`."""
    sample = np.asarray(values, float)
    error = float(sample.std(ddof=1) / sample.size**0.5)
    return Component(label, float(sample.mean()), error, sample.size - 1, **options)
