"""The moments stage: mean, variance, third and fourth moment of the per-sample gradient, by coordinate.

They decide how fast the mean of a mini-batch becomes Gaussian. All N samples are the population, so moments are
divided by N, and nothing is estimated. Computed from stored per-sample gradients where the `gradients` stage kept
them, else streamed over the samples in two passes.
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import ArrayLike, NDArray

from gradnoise import stage
from gradnoise.gradients.store import read_parameters
from gradnoise.gradients.strategy import AUGMENTED
from gradnoise.moments.central_powers import Moments, PowerSums, run
from gradnoise.moments.settings import Settings
from gradnoise.moments.store import NAME, put_moments
from gradnoise.store.arrays import COMPLETE, open_store, open_unfinished, seal
from gradnoise.store.work_area import WorkArea

log = logging.getLogger(__name__)

READ_BYTES = 1 << 22  # of stored gradients at a time


def record_moments(
    work: WorkArea, settings: Settings, data: Path, checkpoints: Path, source: Path
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
        obstacle = AUGMENTED if settings.augment else _streamed(store, settings, data, checkpoints)
        strategy = "streamed" if obstacle is None else "none"
        reason = obstacle or f"streamed over the samples: {attributes['reason']}"
    log.info("%s: %s", strategy, reason)
    store.attrs.update({**attributes, "strategy": strategy, "reason": reason})
    seal(store)


def stored_moments(gradient: zarr.Array[Any], mean: ArrayLike, threads: int) -> Moments:
    """Moments of stored per-sample gradients.

    Args:
        gradient: float32 (N, C), a Zarr array; some columns of a shard of samples are read at a time.
        mean: (C,), of the samples in float64.
        threads: number of threads, on which no result depends.

    Returns:
        float64 arrays (C,).
    """
    rows, chunk = (gradient.shards or gradient.chunks)[0], gradient.chunks[1]
    width = max(1, READ_BYTES // (4 * rows * chunk)) * chunk
    centre = np.asarray(mean, np.float64)
    blocks = [
        _of_columns(gradient, centre, slice(start, start + width), threads)
        for start in range(0, len(centre), width)
    ]
    return Moments(*(np.concatenate(each) for each in zip(*blocks, strict=True)))


def _of_columns(
    gradient: zarr.Array[Any], mean: NDArray[np.float64], columns: slice, threads: int
) -> list[NDArray[np.float64]]:
    """Moments of some columns, in one pass over their samples."""
    sums = PowerSums.about(mean[None, columns])
    samples, rows = gradient.shape[0], (gradient.shards or gradient.chunks)[0]
    for start in range(0, samples, rows):
        run(sums.gradients(np.asarray(gradient[start : start + rows, columns])), threads)
    return [moment[0] for moment in sums.moments(samples)]


def _from_store(work: WorkArea, store: zarr.Group, gradients: zarr.Group) -> None:
    """Moments of every parameter out of the store of the `gradients` stage."""
    threads = stage.available_threads()
    for name, each in stage.progress(read_parameters(gradients).items(), "moments"):
        if name not in work.finished:
            found = stored_moments(each.gradient, each.full_gradient, threads)
            put_moments(store, name, each.parameter, found)
            work.finish(name)


def _streamed(store: zarr.Group, settings: Settings, data: Path, folder: Path) -> str | None:
    """Stream over the samples; returns why this was not possible, or None."""
    from gradnoise.data.dataset import load
    from gradnoise.gradients.recording import choose_selections, obstacle, samples_of
    from gradnoise.gradients.selections import stored_parameters
    from gradnoise.gradients.verification.problem import DependentError
    from gradnoise.model.loss import loss
    from gradnoise.moments.streaming import streamed_moments
    from gradnoise.training.checkpoint import load_model

    dataset = load(data)
    model = load_model(settings, dataset, folder)
    why = obstacle(model, settings, dataset)
    if why is not None:
        return why
    selections = choose_selections(settings, model)
    parameters = stored_parameters(model, selections)
    try:
        found = streamed_moments(model, loss(settings.loss), *samples_of(dataset), selections)
    except DependentError as error:
        return str(error)
    for name, moments in found.items():
        put_moments(store, name, parameters[name], moments)
    return None
