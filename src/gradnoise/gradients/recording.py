"""The gradients stage: per-sample gradients of a checkpoint, computed once for all repeats and batch sizes.

Where a sample's gradient does not depend on its batch mates, every mini-batch gradient is a mean of these.
Where it does, or where they would take too much disk or memory, the store only records that mini-batch
gradients have to be computed, and why.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
import zarr
from torch import nn

from gradnoise import stage
from gradnoise.data.dataset import Dataset
from gradnoise.errors import InputError
from gradnoise.gradients import store as gradient_store
from gradnoise.gradients.parameters import count_values
from gradnoise.gradients.selections import Selection, select, stored_parameters
from gradnoise.gradients.settings import Settings
from gradnoise.gradients.strategy import (
    AUGMENTED,
    Strategy,
    choose_strategy,
    free_disk,
    gradient_bytes,
    machine_memory,
    rows_of_shard,
)
from gradnoise.gradients.streaming import CHUNK, streamed_gradients
from gradnoise.gradients.verification.dependence import sample_dependence
from gradnoise.gradients.verification.problem import DependentError
from gradnoise.model.loss import loss
from gradnoise.store.arrays import open_unfinished, seal
from gradnoise.store.parts import WHOLE, Part, link, require
from gradnoise.store.work_area import WorkArea
from gradnoise.training.checkpoint import store_attributes

log = logging.getLogger(__name__)


def choose_selections(settings: Settings, model: nn.Module) -> dict[str, Selection]:
    """What is measured of the model, by parameter name."""
    return select(
        dict(model.named_parameters()),
        None if settings.coordinates == "all" else settings.coordinates,
        settings.directions,
        settings.seed,
        settings.parameters,
    )


def samples_of(dataset: Dataset) -> tuple[torch.Tensor, torch.Tensor]:
    """Training inputs and targets, (N, ...) each, without a copy."""
    return torch.from_numpy(dataset.train_inputs), torch.from_numpy(dataset.train_targets)


def obstacle(model: nn.Module, settings: Settings, dataset: Dataset) -> str | None:
    """Why per-sample gradients do not exist, or None. A stage asks once."""
    if settings.augment:
        return AUGMENTED
    return sample_dependence(model, loss(settings.loss), *samples_of(dataset))


def decide(
    work: WorkArea, model: nn.Module, settings: Settings, dataset: Dataset, per_sample: int
) -> tuple[Strategy, str]:
    """Choose the strategy for this model on this disk, and log why.

    Raises:
        InputError: where the strategy asked for is impossible.
    """
    samples, free = len(dataset.train_inputs), free_disk(work.path)
    need = gradient_bytes(samples, per_sample)
    log.info("disk: per-sample gradients need %.2f GB, %.2f GB are free", need / 1e9, free / 1e9)
    strategy, reason = choose_strategy(
        settings.strategy,
        obstacle(model, settings, dataset),
        samples,
        per_sample,
        settings.memory,
        {
            "half of what is free on the disk": free // 2,
            "half of this machine's memory": machine_memory() // 2,
        },
    )
    if strategy == "per_sample" and need > free:
        raise InputError(
            f"strategy: found per_sample; its gradients take {need / 1e9:.2f} GB, "
            f"{free / 1e9:.2f} GB are free"
        )
    log.info("%s: %s", strategy, reason)
    return strategy, reason


def record_gradients(
    work: WorkArea, model: nn.Module, settings: Settings, dataset: Dataset
) -> None:
    """Write the sealed store into the work area, going on where a killed stage was.

    Of a part, the shards of its samples, and no seal where there is more to come.

    Raises:
        InputError: where a gradient is not finite, or the strategy asked for is impossible.
    """
    selections = choose_selections(settings, model)
    parameters = stored_parameters(model, selections)
    samples, per_sample = len(dataset.train_inputs), count_values(parameters)
    part = Part(*settings.part)
    folder = part.folder(work)
    store = open_unfinished(folder / gradient_store.NAME)
    if "strategy" not in store.attrs:
        strategy, reason = decide(work, model, settings, dataset, per_sample)
        origin = store_attributes(settings, dataset)
        store.attrs.update({**origin, "reason": reason, "strategy": strategy})
    if store.attrs["strategy"] == "per_batch":
        _seal_without_gradients(store)
        return
    rows = rows_of_shard(samples, per_sample, settings.memory, CHUNK)
    gradient_store.create(store, parameters, samples, rows)
    first, stop = gradient_store.missing(work, samples, rows, part)
    step = min(rows, CHUNK)
    inputs, targets = samples_of(dataset)
    data = inputs[:stop], targets[:stop]
    chunks = streamed_gradients(model, loss(settings.loss), *data, selections, step, first)
    shown = stage.progress(chunks, "per-sample gradients", total=-(-(stop - first) // step))
    try:
        gradient_store.record(work, folder, store, shown, parameters, samples, rows)
    except DependentError as error:
        if settings.strategy == "per_sample":
            raise
        log.warning("mini-batches are needed after all: %s", error)
        store.attrs.update({"strategy": "per_batch", "reason": str(error)})
        _seal_without_gradients(store)
    else:
        if part == WHOLE:
            gradient_store.complete(folder)


def join_gradients(work: WorkArea, parts: Sequence[Path]) -> None:
    """Make one sealed store of the parts that other jobs have written.

    Where one of them found no gradients of single samples, there are none: the first such part says why.
    """
    for part in parts:
        require(part)
        name = str(part / gradient_store.NAME)
        if zarr.open_group(name, mode="r").attrs["strategy"] == "per_batch":
            link([part], work.path)
            seal(open_unfinished(work.path / gradient_store.NAME))
            return
    link(parts, work.path)
    gradient_store.complete(work.path)


def _seal_without_gradients(store: zarr.Group) -> None:
    """Complete a store that says why there are no gradients, without those found before that was known."""
    for name in list(store.group_keys()):
        del store[name]
    seal(store)
