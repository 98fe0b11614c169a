"""What claims on dynamics are about: all trajectories of one run, and which of them can be compared with theory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from gradnoise.claims.evidence import NotTestableError, need
from gradnoise.claims.experiment import Experiment, Trajectory
from gradnoise.claims.scheme.power import Noise
from gradnoise.tables.moderated.contrasts import NETWORKS, Scope

Condition = Callable[[Trajectory], None]

SNAPSHOTS = 20  # from which their scatter is an error: it is known to 16 %


@dataclass(frozen=True)
class Followed:
    """One run's recorded trajectories, in the span of the whole model's leading Hessian eigenvectors.

    Attributes:
        run: its name.
        trajectories: all of its.
    """

    run: str
    trajectories: Sequence[Trajectory]

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The networks that were followed."""
        return (NETWORKS,)

    def noise(self, scope: Scope) -> Noise | None:
        """Steps of each replica, of the shortest trajectory; they are not independent of each other."""
        steps = min(int(each.numbers["steps"]) for each in self.trajectories)
        return Noise("steps", steps, "trajectory.steps", independent=False)

    def described(self, all_epochs: bool) -> dict[str, Any]:
        """What they cover, for the claims table; they start at one epoch whatever the claim is."""
        every = [each.described(all_epochs) for each in self.trajectories]
        joined = {
            name: " ".join(dict.fromkeys(str(each[name]) for each in every))
            for name in ("epochs", "seeds", "batch_sizes")
        }
        repeats = min(each["repeats"] for each in every)
        return {"run": self.run, "network": every[0]["network"], "repeats": repeats, **joined}

    def label(self, trajectory: Trajectory) -> str:
        """The variant, and the seed where several networks are followed."""
        seeds = {each.numbers["seed"] for each in self.trajectories}
        seed = f", seed {trajectory.numbers['seed']}" if len(seeds) > 1 else ""
        return f"{trajectory.numbers['variant']}{seed}".replace("_", " ")

    def testable(self, *conditions: Condition) -> list[Trajectory]:
        """Trajectories that meet the conditions.

        Raises:
            NotTestableError: where none does; says why each one does not.
        """
        kept, reasons = [], []
        for trajectory in self.trajectories:
            try:
                for condition in conditions:
                    condition(trajectory)
            except NotTestableError as problem:
                reasons.append(str(problem))
            else:
                kept.append(trajectory)
        if not kept:
            raise NotTestableError("; ".join(dict.fromkeys(reasons)))
        return kept

    def by_step(self, *conditions: Condition) -> list[Trajectory]:
        """The same, from the coldest on, by the largest eta h over 1 - mu: it stays nearest to the minimum."""

        def heat(trajectory: Trajectory) -> float:
            numbers = trajectory.numbers
            return float(numbers["largest_step"] / (1 - numbers["momentum"]))

        return sorted(self.testable(*conditions), key=heat)


def followed(experiment: Experiment) -> Sequence[Followed]:
    """Every run with trajectories."""
    need(bool(experiment.trajectories), "recorded trajectories (trajectory.variants)")
    runs: dict[str, list[Trajectory]] = {}
    for trajectory in experiment.trajectories:
        runs.setdefault(str(trajectory.numbers["run"]), []).append(trajectory)
    return [Followed(run, each) for run, each in runs.items()]


def nearest(*conditions: Condition) -> Callable[[Followed], Mapping[str, tuple[int]]]:
    """Cases of a claim: the coldest trajectory decides, others that meet the conditions stand beside.

    A measure gets the trajectory's place in `Followed.by_step` of the same conditions.
    """

    def cases(subject: Followed) -> Mapping[str, tuple[int]]:
        count = len(subject.by_step(*conditions))
        names = map(subject.label, subject.by_step(*conditions))
        return dict(zip(names, ((place,) for place in range(count)), strict=True))

    return cases


def stationary(trajectory: Trajectory) -> None:
    """Nothing is compared where a direction drifts or replicas differ, or the trajectory is too short to tell."""
    still = trajectory.directions["stationary"].astype(bool)
    moving = int((~still).sum())
    trajectory.require(
        not moving,
        f"{moving} of {len(still)} directions are not stationary, or too short to tell",
    )


def independent(trajectory: Trajectory) -> None:
    """Theory is of batches that are independent of each other."""
    trajectory.require(
        trajectory.numbers["sampling"] == "with_replacement", "needs independent batches"
    )


def predicted(trajectory: Trajectory) -> None:
    """Theory has a stationary law for every direction."""
    trajectory.require(
        bool(np.isfinite(trajectory.directions["predicted_variance"]).all()),
        "theory has no prediction: a direction is unstable or not confining",
    )


def measured(trajectory: Trajectory) -> None:
    """Errors of Hessian and noise are over their snapshots: of a few there are none."""
    count = int(trajectory.numbers["snapshots"])
    trajectory.require(
        count >= SNAPSHOTS,
        f"{count} snapshots of Hessian and noise; {SNAPSHOTS} are needed for an error",
    )


NOISE: tuple[Condition, ...] = (stationary, independent, measured)

THEORY: tuple[Condition, ...] = (*NOISE, predicted)


def step_pairs(trajectories: Sequence[Trajectory]) -> Iterator[tuple[Trajectory, Trajectory]]:
    """Pairs that differ in nothing but the learning rate, the larger one first."""
    same = "seed", "momentum", "nesterov", "batch_size", "weight_decay", "sampling"
    for pair in combinations(trajectories, 2):
        first, second = sorted(pair, key=lambda each: -float(each.numbers["learning_rate"]))
        alike = all(first.numbers[name] == second.numbers[name] for name in same)
        if alike and first.numbers["learning_rate"] > second.numbers["learning_rate"]:
            yield first, second


def modes(first: Trajectory, second: Trajectory) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the eigenvectors that both have, by rank."""
    count = min(len(first.directions), len(second.directions))
    one, other = (
        each.directions.sort_values("direction").head(count).reset_index(drop=True)
        for each in (first, second)
    )
    return one, other


def relative(rows: pd.DataFrame, name: str) -> pd.Series:
    """Standard error of a column over its values."""
    return rows[f"{name}_error"] / rows[name]
