"""The moments stage: mean, variance, third and fourth moment of the per-sample gradient, by coordinate.

They decide how fast the mean of a mini-batch becomes Gaussian. All N samples are the population, so moments are
divided by N, and nothing is estimated. Computed from stored per-sample gradients where the `gradients` stage kept
them, else streamed over the samples in two passes.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import ArrayLike

from gradnoise import stage
from gradnoise.gradients.strategy import AUGMENTED
from gradnoise.moments.central_powers import Moments, PowerSums, run
from gradnoise.store.arrays import COMPLETE, open_store, open_unfinished, put_array, seal
from gradnoise.store.work_area import WorkArea

log = logging.getLogger(__name__)


NAME = "moments.zarr"  # of the store inside the work area


UNIT = "loss per unit of the parameter"


POWER = {"mean": 1, "variance": 2, "third_absolute": 3, "third": 3, "fourth": 4}


def stored_moments(gradient: zarr.Array[Any], mean: ArrayLike, threads: int) -> Moments:
    """Moments of stored per-sample gradients.

    Args:
        gradient: float32 (N, C), a Zarr array; read a shard of samples at a time.
        mean: (C,), of the samples in float64.
        threads: number of threads, on which no result depends.

    Returns:
        float64 arrays (C,).
    """
    sums = PowerSums.about(np.asarray(mean, np.float64)[None])
    rows = (gradient.shards or gradient.chunks)[0]
    for start in range(0, gradient.shape[0], rows):
        run(sums.gradients(np.asarray(gradient[start : start + rows])), threads)
    return Moments(*(moment[0] for moment in sums.moments(gradient.shape[0])))


def _from_store(work: WorkArea, store: zarr.Group, gradients: zarr.Group) -> None:
    """Moments of every parameter out of the store of the `gradients` stage."""
    threads = stage.available_threads()
    for name, group in stage.progress(sorted(gradients.groups()), "moments"):
        if name in work.finished:
            continue
        arrays: dict[str, Any] = dict(group.arrays())
        found = stored_moments(arrays["gradient"], arrays["full_gradient"][:], threads)
        _put(store, name, found, arrays["coordinate"][:], group.attrs.asdict())
        work.finish(name)


def _streamed(store: zarr.Group, settings: Mapping[str, Any], data: Path, folder: Path) -> str:
    """Stream over the samples; returns why this was not possible, or an empty text."""
    import torch

    from gradnoise.data.dataset import load
    from gradnoise.gradients.dependence import sample_dependence
    from gradnoise.gradients.per_sample import CHUNK
    from gradnoise.gradients.recording import choose_selections
    from gradnoise.model.loss import loss as loss_by_name
    from gradnoise.moments.streaming import streamed_moments
    from gradnoise.training.checkpoint import load_model

    dataset = load(data)
    model = load_model(settings, dataset, folder)
    selections, described = choose_selections({**settings, "directions": 0}, model)
    loss = loss_by_name(settings["loss"])
    inputs, targets = (
        torch.from_numpy(array) for array in (dataset.train_inputs, dataset.train_targets)
    )
    dependence = sample_dependence(model, loss, inputs[:CHUNK], targets[:CHUNK])
    if dependence is not None:
        return dependence
    for name, found in streamed_moments(model, loss, inputs, targets, selections).items():
        _put(store, name, found, selections[name].coordinates, described[name])
    return ""


def _put(
    store: zarr.Group,
    name: str,
    moments: Moments,
    coordinate: ArrayLike,
    attributes: Mapping[str, Any],
) -> None:
    group = store.require_group(name)
    group.attrs.update(attributes)
    label = "flat index into the parameter"
    put_array(group, "coordinate", np.asarray(coordinate), ["coordinate"], long_name=label)
    for field, values in moments._asdict().items():
        power = POWER[field]
        units = UNIT if power == 1 else f"({UNIT})^{power}"
        put_array(group, field, values, ["coordinate"], units=units)


def record_moments(
    work: WorkArea, settings: Mapping[str, Any], data: Path, checkpoints: Path, source: Path
) -> None:
    """Write the sealed store of moments into the work area.

    Args:
        work: a parameter is a part of it, where moments come from stored gradients.
        settings: those of the `gradients` stage.
        data: the data set's file.
        checkpoints: folder of `epoch-{e}.safetensors`.
        source: store of the `gradients` stage.
    """
    gradients = open_store(source)
    attributes: dict[str, Any] = gradients.attrs.asdict()
    del attributes[COMPLETE]
    store = open_unfinished(work.path / NAME)
    if attributes["strategy"] == "per_sample":
        strategy, reason = "per_sample", "from the stored per-sample gradients"
        _from_store(work, store, gradients)
    else:
        obstacle = AUGMENTED if settings["augment"] else ""
        obstacle = obstacle or _streamed(store, settings, data, checkpoints)
        strategy = "none" if obstacle else "streamed"
        reason = obstacle or f"streamed over the samples: {attributes['reason']}"
    log.info("%s: %s", strategy, reason)
    store.attrs.update({**attributes, "strategy": strategy, "reason": reason})
    seal(store)
