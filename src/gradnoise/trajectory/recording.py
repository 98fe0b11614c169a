"""The trajectory stage: SGD around a checkpoint, recorded along directions of every layer.

Every step of every replica is projected as a displacement from the start; at some steps the Hessian and the
noise are measured in the recorded subspaces, so that what theory predicts needs no free parameter. BatchNorm
statistics are frozen and images are not augmented: the dynamics are those of one fixed loss.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import zarr
from torch import Tensor, nn

from gradnoise import stage
from gradnoise.curvature.objective import trainable
from gradnoise.data.dataset import Dataset
from gradnoise.errors import InputError
from gradnoise.model import factory
from gradnoise.store.arrays import open_unfinished, seal
from gradnoise.store.whole import atomic
from gradnoise.store.work_area import WorkArea
from gradnoise.training.checkpoint import store_attributes
from gradnoise.trajectory import slices
from gradnoise.trajectory import store as trajectory_store
from gradnoise.trajectory.dynamics import Dynamics
from gradnoise.trajectory.names import EIGENVECTOR, MODEL
from gradnoise.trajectory.settings import Settings
from gradnoise.trajectory.subspaces import Projector, Subspace, choose

log = logging.getLogger(__name__)

STATE, DIRECTIONS = "state.pt", "directions.pt"


class Recording:
    """A trajectory on its way into a store, block by block.

    After every block `state.pt` holds what the next one needs; a killed stage goes on there.

    Args:
        work: the stage's work area.
        dynamics: at the start; moved to where a killed stage was.
    """

    def __init__(self, work: Path, dynamics: Dynamics) -> None:
        self.work, self.dynamics = work, dynamics
        settings = dynamics.settings
        self.burn_in, self.steps = settings.burn_in, settings.steps
        self.blocks = trajectory_store.blocks(self.steps, settings.snapshots)
        self.step = 0
        if (work / STATE).exists():
            state = torch.load(work / STATE, map_location="cpu", weights_only=True)
            dynamics.restore(state["dynamics"])
            self.step = state["step"]
            log.info("going on after step %d", self.step)

    def forget_start(self) -> None:
        """Take the steps of the burn-in; the mean is over its second half."""
        ticks = _ticks("burn-in", self.step, self.burn_in)
        while self.step < self.burn_in:
            last = min(self.step + trajectory_store.BLOCK, self.burn_in)
            losses = []
            for loss, _ in zip(self.dynamics.steps(self.step, last), ticks, strict=False):
                losses.append(loss)
                if self.step + len(losses) > self.burn_in // 2:
                    self.dynamics.average()
            self._require_finite(torch.stack(losses))
            self._save(last)
        next(ticks, None)  # completes the progress bar

    def run(self, store: zarr.Group, subspaces: Mapping[str, Subspace]) -> None:
        """Take and record all steps that are missing.

        Raises:
            InputError: where the loss is no longer finite.
        """
        self.store, self.subspaces = store, subspaces
        sizes = {name: part.numel() for name, part in trainable(self.dynamics.model)}
        self.projector = Projector(subspaces, sizes, self.dynamics.start.device)
        if self.step == self.burn_in:
            self.dynamics.restart_mean()
        ticks = _ticks("steps", self.step - self.burn_in, self.steps)
        while self.step < self.burn_in + self.steps:
            first = self.step - self.burn_in
            last = min(first + self.blocks.rows, self.steps)
            self._record(first, last, ticks)
            self._save(self.burn_in + last)
        next(ticks, None)  # completes the progress bar

    def _save(self, step: int) -> None:
        self.step = step
        with atomic(self.work / STATE) as temporary:
            torch.save({"dynamics": self.dynamics.state(), "step": step}, temporary)

    def _record(self, first: int, last: int, ticks: Iterator[int]) -> None:
        """Record steps first to last - 1 (counted after burn-in) into their chunks."""
        # Draws depend on the step alone: a block that a kill cut short is taken and written anew.
        dynamics = self.dynamics
        losses: list[Tensor] = []
        rows: dict[str, list[Tensor]] = {name: [] for name in self.subspaces}
        before = self._project()
        taken = dynamics.steps(self.burn_in + first, self.burn_in + last)
        for loss, _ in zip(taken, ticks, strict=False):
            losses.append(loss)
            dynamics.average()
            for name, row in self._project().items():
                rows[name].append(row)
        self._require_finite(torch.stack(losses))
        for name, recorded in rows.items():
            positions = torch.stack(recorded)
            earlier = torch.cat([before[name].unsqueeze(0), positions[:-1]])
            self._write(f"{name}/position", positions, first, last)
            self._write(f"{name}/velocity", positions - earlier, first, last)
        block = -(-last // self.blocks.rows)
        if block % self.blocks.every == 0 or last == self.steps:
            self._snapshot((block - 1) // self.blocks.every, last)

    def _project(self) -> dict[str, Tensor]:
        return self.projector.project(self.dynamics.replicas.position - self.dynamics.start)

    def _require_finite(self, losses: Tensor) -> None:
        wrong = ~losses.isfinite()
        if wrong.any():
            step = self.step + int(wrong.int().argmax())
            rate = self.dynamics.settings.learning_rate
            raise InputError(
                f"trajectory: the loss is not finite at step {step}, at learning rate {rate:g}; "
                "a smaller learning_rate is needed"
            )

    def _write(self, name: str, steps: Tensor, first: int, last: int) -> None:
        """Put (steps, R, k) into an array (R, steps, k)."""
        self._array(name)[:, first:last] = steps.transpose(0, 1).cpu().numpy()

    def _snapshot(self, index: int, step: int) -> None:
        """Measure curvature and noise where one of the replicas is, each replica in turn."""
        count = len(self.dynamics.replicas.position)
        position = self.dynamics.replicas.position[index % count]
        for name, found in self.dynamics.curvature(position, self.subspaces).items():
            for field, values in found._asdict().items():
                self._array(f"{name}/{field}")[index] = values
        self._array("batch_sharpness")[index] = self.dynamics.sharpness(
            position, self.burn_in + step
        )
        self._array("snapshot_step")[index] = step

    def _array(self, name: str) -> zarr.Array[Any]:
        array = self.store[name]
        assert isinstance(array, zarr.Array)
        return array


def _ticks(name: str, first: int, last: int) -> Iterator[int]:
    return iter(stage.progress(range(first, last), name, initial=min(first, last), total=last))


def _directions(work: Path, dynamics: Dynamics) -> dict[str, Subspace]:
    """The subspaces at the end of the burn-in, found once: a killed stage finds them where it left them."""
    kept = work / DIRECTIONS
    if not kept.exists():
        found = choose(dynamics.objective(dynamics.mean.float()), dynamics.settings)
        with atomic(kept) as temporary:
            torch.save({name: vars(each) for name, each in found.items()}, temporary)
    # Written by this stage a moment ago, into its own work area.
    loaded = torch.load(kept, weights_only=False)
    return {name: Subspace(**each) for name, each in loaded.items()}


def _create(store: zarr.Group, subspaces: Mapping[str, Subspace], dynamics: Dynamics) -> None:
    """What every subspace is, and empty arrays for what will be recorded in it."""
    described = {each.name: each for each in factory.describe(dynamics.model)}
    whole = {"layer": MODEL, "operation": "all", "kind": "all", "size": len(dynamics.start)}
    for name, each in subspaces.items():
        known = described.get(name)
        origin = whole if known is None else {**vars(known), "size": known.size}
        attributes = {
            **origin,
            "parameters": list(each.parameters),
            "direction_kind": list(each.kind),
            "converged": each.converged,
        }
        trajectory_store.put_subspace(store, name, each.eigenvalue, each.residual, attributes)
    counts = {name: len(each.vectors) for name, each in subspaces.items()}
    settings = dynamics.settings
    cut = trajectory_store.blocks(settings.steps, settings.snapshots)
    trajectory_store.create(
        store, counts, settings.replicas, settings.steps, cut, dynamics.sharpness_batches
    )


def _slices(store: zarr.Group, dynamics: Dynamics, subspace: Subspace) -> None:
    """Measure the loss along lines through the mean position, in the span of the model's eigenvectors."""
    chosen = [index for index, kind in enumerate(subspace.kind) if kind == EIGENVECTOR]
    position: Any = store[f"{MODEL}/position"]
    recorded = np.asarray(position[...], np.float64)[..., chosen].reshape(-1, len(chosen))
    objective = dynamics.objective(dynamics.mean.float())
    decay = dynamics.settings.weight_decay
    found = slices.measure(objective, decay, subspace.vectors[chosen], recorded)
    trajectory_store.put_slices(store, found)


def record_trajectory(
    work: WorkArea, model: nn.Module, settings: Settings, dataset: Dataset
) -> None:
    """Write the sealed store into the work area, going on where a killed stage was.

    Raises:
        InputError: where the trajectory diverges or the settings do not suit the data.
    """
    dynamics = Dynamics(model, settings, dataset)
    recording = Recording(work.path, dynamics)
    recording.forget_start()
    subspaces = _directions(work.path, dynamics)
    store = open_unfinished(work.path / trajectory_store.NAME)
    given = asdict(settings)
    store.attrs.update(
        {
            **store_attributes(settings, dataset),
            **{k: v for k, v in given.items() if k != "parameters"},
        }
    )
    _create(store, subspaces, dynamics)
    recording.run(store, subspaces)
    _slices(store, dynamics, subspaces[MODEL])
    seal(store)
