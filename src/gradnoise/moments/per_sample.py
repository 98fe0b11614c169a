"""Moments of the per-sample gradients of a model in hand."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from gradnoise.moments.central_powers import Moments

if TYPE_CHECKING:
    import torch


def per_sample_moments(
    model: "torch.nn.Module",
    loss: "Callable[[torch.Tensor, torch.Tensor], torch.Tensor]",
    inputs: "ArrayLike | torch.Tensor",
    targets: "ArrayLike | torch.Tensor",
    coordinates: int | Mapping[str, Sequence[int]] | None = None,
    chunk_size: int | None = None,
    *,
    seed: int = 0,
) -> dict[str, Moments]:
    """Moments of the per-sample gradient over all samples, of every trainable parameter, biases included.

    Two passes over the samples: the mean, then central powers in float64 (the third absolute moment has no
    merge formula). Memory is that of five numbers a coordinate and one chunk, never of whole per-sample gradients. A
    deviation below the rounding of float32 gradients, 2^-23 of the mean, counts as none.

    Args:
        model: any module called as `model(inputs)`, on any device; its train/eval flag is respected, and
            parameters, buffers, gradients, flags and the global random state are left bit-identical.
        loss: `loss(outputs, targets)`, the batch mean; a sample's loss is that of a batch of one.
        inputs, targets: the N samples, torch or NumPy.
        coordinates: None for all; a number, drawn for every parameter; or flat indices by parameter.
        chunk_size: samples a pass; default 128.
        seed: of the coordinates drawn.

    Returns:
        By parameter name float64 arrays, in the parameter's shape, or (C,) at the chosen coordinates.

    Raises:
        ValueError: where a sample's gradient depends on its batch mates or is drawn anew in every pass (BatchNorm
            or dropout in train mode), where a gradient is not finite, and for impossible coordinates.
    """
    import torch

    from gradnoise.gradients.selections import select
    from gradnoise.moments.streaming import streamed_moments

    parameters = {name: each for name, each in model.named_parameters() if each.requires_grad}
    selections = select(parameters, coordinates, 0, seed)
    samples = torch.as_tensor(inputs), torch.as_tensor(targets)
    found = streamed_moments(model, loss, *samples, selections, chunk_size)
    if coordinates is not None:
        return found
    return {
        name: Moments(*(moment.reshape(selections[name].shape) for moment in moments))
        for name, moments in found.items()
    }
