"""All that one experiment has to say on the claims: its runs and its recorded trajectories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from gradnoise.claims.evidence import Evidence, NotTestableError
from gradnoise.claims.scheme.power import Noise
from gradnoise.store.paths import SHARED_STAGES
from gradnoise.tables.catalogue import weights
from gradnoise.tables.moderated.contrasts import NETWORKS, Scope
from gradnoise.trajectory.names import EIGENVECTOR, MODEL


@dataclass(frozen=True)
class Trajectory:
    """One recorded trajectory in the span of the whole model's leading Hessian eigenvectors.

    Attributes:
        numbers: its row of `langevin_subspaces`.
        directions: its rows of `langevin`, eigenvectors only.
        settings: its run's sections.
    """

    numbers: pd.Series
    directions: pd.DataFrame
    settings: Mapping[str, Any]

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """One network."""
        return (NETWORKS,)

    def noise(self, scope: Scope) -> Noise | None:
        """Steps of each replica; they are not independent of each other."""
        steps = int(self.numbers["steps"])
        return Noise("steps", steps, "trajectory.steps", independent=False)

    def require(self, met: bool, otherwise: str) -> None:
        """Raise `NotTestableError`, which names the trajectory, unless a condition is met."""
        if not met:
            raise NotTestableError(f"{self.numbers['run']}, {self.numbers['variant']}: {otherwise}")

    def described(self, all_epochs: bool) -> dict[str, Any]:
        """What the trajectory covers, for the claims table; it starts at one epoch whatever the claim is."""
        numbers = self.numbers
        model = self.settings.get("model", {}).get("name", "unknown")
        data = self.settings.get("data", {}).get("dataset", "unknown data")
        return {
            "run": f"{numbers['run']}, {numbers['variant']}",
            "network": f"{model} on {data}",
            "epochs": str(numbers["epoch"]),
            "seeds": str(numbers["seed"]),
            "repeats": int(numbers["replicas"]),
            "batch_sizes": str(numbers["batch_size"]),
        }


@dataclass(frozen=True)
class Experiment:
    """What was measured: every run, every trajectory, and the tables of stages that belong to no run."""

    runs: Sequence[Evidence]
    trajectories: Sequence[Trajectory] = ()
    shared: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def gather(
    tables: Mapping[str, pd.DataFrame],
    runs: Mapping[str, Mapping[str, Any]],
    trained_by: Mapping[str, str],
) -> Experiment:
    """Everything that the tables hold.

    Args:
        tables: as `tables.catalogue.read` returns.
        runs: run -> its config sections.
        trained_by: run -> the run whose networks it measures.
    """
    shared = {
        name: table
        for name, table in tables.items()
        if name.startswith(tuple(f"{stage}_" for stage in SHARED_STAGES))
    }
    if len(shared) == len(tables):
        return Experiment([], [], shared)
    by_layer = {name: weights(table) for name, table in tables.items() if "operation" in table}
    repeats = by_layer.pop("gaussianity_repeats")
    training = tables["training"]
    found = []
    for name, rows in repeats.groupby("run", sort=False):
        trainer = trained_by.get(str(name), name)
        statistics = {key: table[table["run"] == name] for key, table in by_layer.items()}
        history = training[training["run"] == trainer]
        sections = runs.get(str(name), {})
        borrowed = name != trainer and shares_gradients(
            rows, sections, repeats[repeats["run"] == trainer], runs.get(str(trainer), {})
        )
        found.append(Evidence(str(name), sections, rows, history, statistics, borrowed))
    subspaces, directions = tables["langevin_subspaces"], tables["langevin"]
    return Experiment(found, recorded(subspaces, directions, runs), shared)


# What the gradients of single samples depend on, besides the network: nothing that says how batches are drawn.
GRADIENTS = ("layers", "biases", "coordinates", "directions", "augment", "batch_norm_mode")


def shares_gradients(
    rows: pd.DataFrame,
    sections: Mapping[str, Any],
    trainers: pd.DataFrame,
    theirs: Mapping[str, Any],
) -> bool:
    """Whether a run that borrows its networks has the same gradients as the run that trained them.

    Args:
        rows: its rows of `gaussianity_repeats`.
        sections: its config sections.
        trainers, theirs: those of the run that trained.
    """
    mine, other = (
        [each.get("model"), *(each.get("noise", {}).get(name) for name in GRADIENTS)]
        for each in (sections, theirs)
    )
    seeds = set(rows["seed"]) <= set(trainers["seed"])
    return mine == other and seeds and rows["epoch"].max() == trainers["epoch"].max()


def recorded(
    subspaces: pd.DataFrame, directions: pd.DataFrame, runs: Mapping[str, Mapping[str, Any]]
) -> list[Trajectory]:
    """Every trajectory, from the tables `langevin_subspaces` and `langevin`."""
    if subspaces.empty:
        return []
    key = ["run", "seed", "epoch", "variant", "subspace"]
    found = []
    for _, numbers in subspaces[subspaces["subspace"] == MODEL].iterrows():
        same = np.logical_and.reduce([directions[name] == numbers[name] for name in key])
        mine = directions[same & (directions["kind"] == EIGENVECTOR)]
        found.append(Trajectory(numbers, mine, runs.get(numbers["run"], {})))
    return found
