"""What a claim is decided from: a run's tables, ready to be compared in pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from gradnoise.claims.scheme.power import Noise
from gradnoise.model.networks import NETWORKS as MODELS
from gradnoise.model.networks import has_batch_norm
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, NETWORKS, Scope
from gradnoise.tables.scope import SEEDS_NEEDED


class NotTestableError(Exception):
    """A claim's conditions are not met by these results; the message says what is missing."""


def need(met: bool, what: str) -> None:
    """Raise `NotTestableError` unless a condition is met."""
    if not met:
        raise NotTestableError(f"needs {what}")


def at(table: pd.DataFrame, level: str, value: int | str) -> pd.DataFrame:
    """Columns of a table at one epoch, layer or batch size; the level is dropped."""
    return pd.DataFrame(table.xs(value, axis=1, level=level))


@dataclass(frozen=True)
class Evidence:
    """One run's weights (no biases) with everything a claim may ask about it.

    Attributes:
        name: of the run.
        settings: its sections `data`, `model`, `training`, `noise`.
        rows: its rows of `gaussianity_repeats.csv`, weights only.
        training: its rows of `training.csv` (those of the run that trained it).
        shares_gradients: whether it measures another run's networks, with the same gradients of their samples.
        statistics: its rows of the further tables, by name: per layer and batch size, same weights only.
    """

    name: str
    settings: Mapping[str, Any]
    rows: pd.DataFrame
    training: pd.DataFrame
    statistics: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    shares_gradients: bool = False
    _wide: dict[tuple[int, str], pd.DataFrame] = field(default_factory=dict, init=False, repr=False)

    @property
    def model(self) -> str:
        """Name of the network."""
        return str(self.settings.get("model", {}).get("name", "unknown"))

    @property
    def batch_norm(self) -> bool:
        """Whether the network has BatchNorm."""
        return has_batch_norm(self.model, self.settings.get("model", {}).get("arguments") or {})

    @property
    def family(self) -> str:
        """ "alexnet" or "resnet" for the paper's networks, else empty."""
        return MODELS[self.model].family if self.model in MODELS else ""

    @property
    def ceiling(self) -> float:
        """Percentage of exactly Gaussian coordinates that pass the run's own test."""
        return 100 * (1 - float(self.settings["gaussianity"]["significance"]))

    @property
    def learning_rate(self) -> float | None:
        """Of its training, where the settings tell."""
        return self.settings.get("training", {}).get("learning_rate")

    @cached_property
    def layers(self) -> pd.DataFrame:
        """One row per layer, in the network's order, indexed by the layer's name."""
        return self.rows.drop_duplicates("layer").set_index("layer")

    @cached_property
    def epochs(self) -> list[int]:
        """Epochs measured."""
        return sorted(int(epoch) for epoch in self.rows["epoch"].unique())

    @cached_property
    def sizes(self) -> list[int]:
        """Batch sizes measured."""
        return sorted(int(size) for size in self.rows["batch_size"].unique())

    @cached_property
    def counts(self) -> list[int]:
        """Numbers of batches tested with."""
        return sorted(int(count) for count in self.rows["batches"].unique())

    @cached_property
    def seeds(self) -> list[int]:
        """Training seeds measured."""
        return sorted(int(seed) for seed in self.rows["seed"].unique())

    @property
    def repeats(self) -> int:
        """Repeats of the draws."""
        return int(self.rows["repeat"].nunique())

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """What a verdict can speak of: the networks measured, and with three seeds the architecture."""
        return (NETWORKS, ARCHITECTURE) if len(self.seeds) >= SEEDS_NEEDED else (NETWORKS,)

    def noise(self, scope: Scope) -> Noise:
        """What errors come from."""
        if scope == ARCHITECTURE:
            return Noise("training seeds", len(self.seeds), "training.seeds")
        return Noise("repeats of the draws", self.repeats, "noise.repeats")

    def wide(self, batches: int, column: str) -> pd.DataFrame:
        """A summary column: one row per (seed, repeat), columns (epoch, layer, batch size)."""
        key = batches, column
        if key not in self._wide:
            rows = self.rows[self.rows["batches"] == batches]
            self._wide[key] = rows.pivot(
                index=["seed", "repeat"], columns=["epoch", "layer", "batch_size"], values=column
            )
        return self._wide[key]

    def tested(self, batches: int, column: str) -> pd.DataFrame:
        """How many coordinates (or directions) a percentage is of: rows and columns as `wide` has them."""
        coordinates = self.wide(batches, "coordinates")
        if column == "percentage_directions":
            directions = self.settings.get("noise", {}).get("directions")
            return coordinates if directions is None else coordinates * 0 + directions
        if column == "percentage_gaussian":
            return coordinates
        return coordinates * (1 - self.wide(batches, "share_dirac"))

    def within(self, batches: int, column: str) -> pd.Series:
        """Variance of passing over repeats, mean over a percentage's coordinates: by (epoch, layer, batch size).

        Mean over seeds, 0 to 1/4; empty where the results do not tell.
        """
        rows = self.statistics.get("repeatability", pd.DataFrame())
        name = f"within_{column}"
        if name not in rows:
            return pd.Series(dtype=float)
        rows = rows[rows["batches"] == batches]
        return rows.groupby(["epoch", "layer", "batch_size"])[name].mean()

    def last(self, batches: int, column: str) -> pd.DataFrame:
        """`wide` at the last epoch: columns (layer, batch size)."""
        return at(self.wide(batches, column), "epoch", self.epochs[-1])

    def statistic(
        self, table: str, column: str, by: Sequence[str] = (), **where: str
    ) -> pd.DataFrame:
        """A column of a further table at the last epoch: columns (layer, *by), rows (seed, repeat).

        A table without repeats has one row per seed, with repeat 0.

        Args:
            table: its name.
            column: the quantity.
            by: columns that tell a layer's rows apart.
            where: values of other columns, to choose rows by.

        Raises:
            NotTestableError: where this run has no such numbers.
        """
        rows = self.statistics.get(table, pd.DataFrame())
        for name, value in where.items():
            rows = rows[rows[name] == value] if name in rows else rows
        if column not in rows or rows[column].isna().all():
            raise NotTestableError(
                f"needs {column.replace('_', ' ')}, which this run does not have"
            )
        rows = rows[rows["epoch"] == self.epochs[-1]]
        rows = rows if "repeat" in rows else rows.assign(repeat=0)
        wide = rows.pivot(index=["seed", "repeat"], columns=["layer", *by], values=column)
        return wide[[layer for layer in self.layers.index if layer in wide]]

    def at_epoch(self, epoch: int, name: str) -> float:
        """Mean over seeds of a training quantity at one epoch, NaN where it was not recorded."""
        rows = self.training[self.training["epoch"] == epoch]
        return float(rows[name].mean()) if name in rows and len(rows) else float("nan")

    def described(self, all_epochs: bool) -> dict[str, Any]:
        """What the run covers, for the claims table; claims are about the last epoch or about all."""
        data = self.settings.get("data", {}).get("dataset", "unknown data")
        return {
            "run": self.name,
            "network": f"{self.model}{' with BatchNorm' if self.batch_norm else ''} on {data}",
            "epochs": " ".join(map(str, self.epochs if all_epochs else self.epochs[-1:])),
            "seeds": " ".join(map(str, self.seeds)),
            "repeats": self.repeats,
            "batch_sizes": " ".join(map(str, self.sizes)),
            "batches": " ".join(map(str, self.counts)),
        }


@dataclass(frozen=True)
class Pair:
    """Two runs that a claim compares.

    Attributes:
        first, second: the runs.
        experiment: all runs, for what stands beside the pair.
    """

    first: Evidence
    second: Evidence
    experiment: Sequence[Evidence] = ()

    @property
    def counts(self) -> list[int]:
        """Numbers of batches tested with."""
        return self.first.counts

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Those of both runs."""
        return tuple(scope for scope in self.first.scopes if scope in self.second.scopes)

    def noise(self, scope: Scope) -> Noise:
        """What errors come from: the run that has less of it."""
        return min((run.noise(scope) for run in (self.first, self.second)), key=_count)

    def described(self, all_epochs: bool) -> dict[str, Any]:
        """What the pair covers, for the claims table."""
        return {
            **self.first.described(all_epochs),
            "run": f"{self.first.name}, {self.second.name}",
        }


def _count(noise: Noise) -> int:
    return noise.count
