"""The noise stage: mini-batch gradients minus the full gradient, for many batches of many sizes.

At fixed weights the noise of a batch of B samples is

    xi = (1 / B) sum over the batch of g_i  -  G,

with g_i the gradient of sample i's loss and G the mean of all g_i. It is drawn from stored per-sample
gradients where the g_i exist, else computed batch by batch; the same seed gives the same batches both ways.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import zarr
from numpy.typing import ArrayLike

from gradnoise.draws.batches import Draws, Sampling
from gradnoise.draws.pieces import check
from gradnoise.errors import InputError, refuse_masks, whole
from gradnoise.gradients.strategy import AUGMENTED, choose_strategy
from gradnoise.noise.store import describe
from gradnoise.stage import showing
from gradnoise.store.arrays import open_store
from gradnoise.store.versions import versions

if TYPE_CHECKING:
    import torch

    from gradnoise.gradients.selections import Selection
    from gradnoise.noise.in_memory import NoiseSamples

    Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    Measured = tuple[torch.nn.Module, Loss, torch.Tensor, torch.Tensor, Mapping[str, Selection]]

log = logging.getLogger(__name__)


def sample_noise(
    model: "torch.nn.Module",
    loss: "Callable[[torch.Tensor, torch.Tensor], torch.Tensor]",
    inputs: "ArrayLike | torch.Tensor",
    targets: "ArrayLike | torch.Tensor",
    batch_sizes: Sequence[int],
    batches: int,
    seed: int,
    sampling: Sampling = "with_replacement",
    coordinates: int | Mapping[str, Sequence[int]] | None = None,
    store: str | Path | None = None,
    *,
    repeat: int = 0,
    directions: int = 0,
    strategy: str = "auto",
    augment: bool = False,
    micro_batch: int = 128,
    memory: int = 1 << 30,
    progress: bool = True,
) -> "NoiseSamples | zarr.Group":
    """Noise samples of every trainable parameter of any torch model, biases included.

    The model is used in the train/eval mode it is in. It, its gradients and the global random state are
    left bit-identical. Where a sample's gradient depends on its batch mates (BatchNorm in train mode) or
    is drawn anew in every pass (dropout, `augment`), the full gradient is taken as the mean of the
    mini-batch gradients of each size.

    Args:
        model: any module called as `model(inputs)`, on any device.
        loss: `loss(outputs, targets)`, the batch mean.
        inputs, targets: the N samples, torch or NumPy.
        batch_sizes: different batch sizes.
        batches: number of batches of each size.
        seed: of the batches, coordinates and directions.
        sampling: "with_replacement" (independent batches) or "epoch_shuffle" (successive batches of random
            permutations, see `gradnoise.draws.batches.Draws`).
        coordinates: None for all; a number, drawn for every parameter; or flat indices by parameter.
        store: path of a Zarr store to write instead, for noise that does not fit in memory. A call that
            was killed goes on where it was when it is repeated.
        repeat: another number draws other batches.
        directions: random directions per parameter, in a store only.
        strategy: "per_sample" computes all N per-sample gradients and draws from them, "per_batch"
            computes every batch; "auto" takes the cheaper one that fits in `memory`.
        augment: re-draw crop and flip of images for every sample of every batch.
        micro_batch: samples a forward and backward pass.
        memory: bytes for buffers.
        progress: show it on a terminal (elsewhere only where logging's level is INFO).

    Returns:
        Parameter name to batch size to float32 (batches, coordinates); with `store` the Zarr group, opened
        for reading.

    Raises:
        ValueError: for impossible batch sizes, coordinates or strategies, and where a gradient is not
            finite (names parameter, batch and batch size).

    The noise is that of Mandt, Hoffman and Blei (2017, arXiv:1704.04289). Of half the squared error
    of w x the gradient is (w x - y) x, here 1 and 15, so that a batch of one is 7 away from their mean:

    >>> import torch
    >>> model = torch.nn.Linear(1, 1, bias=False)
    >>> _ = torch.nn.init.constant_(model.weight, 2)
    >>> loss = lambda outputs, targets: ((outputs - targets) ** 2).mean() / 2
    >>> inputs, targets = torch.tensor([[1.0], [3.0]]), torch.tensor([[1.0], [1.0]])
    >>> noise = sample_noise(model, loss, inputs, targets, [1, 2], batches=5, seed=0)["weight"]
    >>> noise[1].shape, abs(noise[1]).ravel().tolist()
    ((5, 1), [7.0, 7.0, 7.0, 7.0, 7.0])
    """
    import torch

    from gradnoise.gradients.selections import select
    from gradnoise.gradients.verification.dependence import require_measurable, sample_dependence
    from gradnoise.gradients.verification.problem import DependentError
    from gradnoise.gradients.verification.types import require_types
    from gradnoise.model.preservation import preserved

    refuse_masks("inputs", inputs)
    refuse_masks("targets", targets)
    inputs, targets = torch.as_tensor(inputs), torch.as_tensor(targets)
    seed, repeat = whole("seed", seed, 0), whole("repeat", repeat, 0)
    draws, micro_batch = (
        Draws(seed, repeat, sampling, len(inputs)),
        whole("micro_batch", micro_batch),
    )
    batch_sizes, batches = check(draws, batch_sizes, batches)
    if len(targets) != len(inputs):
        raise InputError(f"targets: found {len(targets)}; needed: {len(inputs)}, as many as inputs")
    if directions and store is None:
        raise InputError("directions: noise along directions needs a store to be written to")
    with preserved(model), showing(progress):
        require_measurable(model)
        require_types(model, loss, inputs, targets)
        parameters = {name: each for name, each in model.named_parameters() if each.requires_grad}
        selections = select(parameters, coordinates, directions, seed)
        why = sample_dependence(model, loss, inputs, targets)
        measured = model, loss, inputs, targets, selections
        request = draws, batch_sizes, batches
        sample = partial(_sampled, augment=augment, micro_batch=micro_batch, memory=memory)
        asked, path = strategy, None if store is None else Path(store)
        try:
            found = sample(measured, request, asked, why, path)
        except DependentError as error:
            # Seen in samples that were not looked at before.
            if asked == "per_sample" or why is not None:
                raise
            log.warning("whole batches are needed after all: %s", error)
            found = sample(measured, request, asked, str(error), path)
    return found if path is None else open_store(path)


def _sampled(
    measured: "Measured",
    request: tuple[Draws, Sequence[int], int],
    strategy: str,
    why: str | None,
    store: Path | None,
    *,
    augment: bool,
    micro_batch: int,
    memory: int,
) -> "NoiseSamples":
    """Noise by one strategy, in memory or in a store (then nothing is returned).

    Args:
        measured: model, loss, inputs, targets and selections.
        request: draws, batch sizes, batches.
        strategy: that was asked for.
        why: why per-sample gradients do not exist, or None.
        store: where to write.
        augment, micro_batch, memory: as in `sample_noise`.
    """
    from gradnoise.noise.in_memory import fingerprint, in_memory, write_store
    from gradnoise.noise.minibatches import GradientSampler

    model, loss, inputs, targets, _ = measured
    draws, batch_sizes, batches = request
    sampler = GradientSampler(*measured, draws, augment, why is not None, micro_batch)
    obstacle, budget = AUGMENTED if augment else why, {"the memory given": memory}
    size, drawn = (len(inputs), sampler.width), max(batch_sizes) * batches
    how, reason = choose_strategy(strategy, obstacle, *size, memory, budget, drawn)
    log.info("%s: %s", how, reason)
    if store is None:
        return in_memory(sampler, how, batch_sizes, batches)
    attributes = {
        "strategy": how,
        "reason": reason,
        "model": type(model).__name__,
        "sample_count": len(inputs),
        "checksum": fingerprint(model, loss, inputs, targets),
        "versions": versions(),
        **describe(draws, batch_sizes, batches),
    }
    write_store(store, sampler, attributes, batch_sizes, batches, memory)
    return {}
