"""The gradients stage: per-sample gradients of a checkpoint, computed once for all repeats and batch sizes.

Where a sample's gradient does not depend on its batch mates, every mini-batch gradient is a mean of these.
Where it does, or where they would take too much disk or memory, the store only records that mini-batch
gradients have to be computed, and why.
"""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from gradnoise import stage
from gradnoise.data.dataset import Dataset
from gradnoise.errors import InputError
from gradnoise.gradients import store as gradient_store
from gradnoise.gradients.dependence import sample_dependence
from gradnoise.gradients.per_sample import CHUNK, per_sample_gradients
from gradnoise.gradients.selections import Selection, select
from gradnoise.gradients.strategy import AUGMENTED, Strategy, choose_strategy, machine_memory
from gradnoise.model import factory
from gradnoise.model.loss import loss
from gradnoise.store.arrays import open_unfinished, seal
from gradnoise.store.work_area import WorkArea
from gradnoise.training.checkpoint import store_attributes

log = logging.getLogger(__name__)


def choose_selections(
    settings: Mapping[str, Any], model: nn.Module
) -> tuple[dict[str, Selection], dict[str, dict[str, Any]]]:
    """What is measured of the model and, by parameter name, what a store says about each.

    Args:
        settings: `coordinates` ("all" or a number), `directions`, `seed` and `parameters` (names).
        model: the model.
    """
    described = factory.describe(model)
    coordinates = None if settings["coordinates"] == "all" else int(settings["coordinates"])
    selections = select(
        dict(model.named_parameters()),
        coordinates,
        settings["directions"],
        settings["seed"],
        settings["parameters"],
    )
    attributes = {each.name: {**asdict(each), "size": each.size} for each in described}
    return selections, {name: attributes[name] for name in selections}


def decide(
    work: WorkArea,
    model: nn.Module,
    settings: Mapping[str, Any],
    dataset: Dataset,
    per_sample: int,
) -> tuple[Strategy, str]:
    """Choose the strategy for this model on this disk, and log why.

    Raises:
        InputError: where the strategy asked for is impossible.
    """
    obstacle: str | None = AUGMENTED
    if not settings["augment"]:
        first = slice(0, CHUNK)
        obstacle = sample_dependence(
            model,
            loss(settings["loss"]),
            torch.from_numpy(dataset.train_inputs[first]),
            torch.from_numpy(dataset.train_targets[first]),
        )
    samples, free = len(dataset.train_inputs), gradient_store.free_disk(work)
    need = 4 * samples * per_sample
    log.info("disk: per-sample gradients need %.2f GB, %.2f GB are free", need / 1e9, free / 1e9)
    strategy, reason = choose_strategy(
        settings["strategy"],
        obstacle,
        samples,
        per_sample,
        settings["memory"],
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
    work: WorkArea, model: nn.Module, settings: Mapping[str, Any], dataset: Dataset
) -> None:
    """Write the sealed store into the work area, going on where a killed stage was.

    Raises:
        InputError: where a gradient is not finite, or the strategy asked for is impossible.
    """
    selections, described = choose_selections(settings, model)
    samples, per_sample = len(dataset.train_inputs), gradient_store.values(selections)
    store = open_unfinished(work.path / gradient_store.NAME)
    if "strategy" not in store.attrs:
        strategy, reason = decide(work, model, settings, dataset, per_sample)
        origin = store_attributes(settings, dataset)
        store.attrs.update({**origin, "reason": reason, "strategy": strategy})
    if store.attrs["strategy"] == "per_batch":
        seal(store)
        return
    rows = gradient_store.rows_of_shard(samples, per_sample, settings["memory"])
    gradient_store.create(store, selections, described, samples, rows)
    first, step = gradient_store.first_missing(work, samples, rows), min(rows, CHUNK)
    chunks = per_sample_gradients(
        model,
        loss(settings["loss"]),
        torch.from_numpy(dataset.train_inputs),
        torch.from_numpy(dataset.train_targets),
        selections,
        step,
        first,
    )
    shown = stage.progress(chunks, "per-sample gradients", total=-(-(samples - first) // step))
    gradient_store.record(work, store, shown, selections, samples, rows)
    gradient_store.complete(work, store, selections, samples, rows)
