"""Moments of the per-sample gradients of a model in hand."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from gradnoise.gradients.per_sample import checked
from gradnoise.moments.central_powers import Moments
from gradnoise.stage import showing

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
    verify: bool = True,
    progress: bool = True,
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
        verify: prove every chunk, for at most one more forward and backward pass (see `gradients.verification`).
            False for those who have measured the same model and loss with True before.
        progress: show it on a terminal (elsewhere only where logging's level is INFO).

    Returns:
        By parameter name float64 arrays, in the parameter's shape, or (C,) at the chosen coordinates.

    Raises:
        ValueError: where a sample's gradient depends on its batch mates or is drawn anew in every pass (BatchNorm
            or dropout in train mode), where a gradient is not finite, and for impossible coordinates.

    The gradient of half the squared error of w x is (w x - y) x, here 1 and 15:

    >>> import torch
    >>> model = torch.nn.Linear(1, 1, bias=False)
    >>> _ = torch.nn.init.constant_(model.weight, 2)
    >>> loss = lambda outputs, targets: ((outputs - targets) ** 2).mean() / 2
    >>> inputs, targets = torch.tensor([[1.0], [3.0]]), torch.tensor([[1.0], [1.0]])
    >>> moments = per_sample_moments(model, loss, inputs, targets)["weight"]
    >>> moments.mean.item(), moments.variance.item(), moments.third_absolute.item()
    (8.0, 49.0, 343.0)
    """
    from gradnoise.moments.streaming import streamed_moments

    measured = checked(model, loss, inputs, targets, coordinates, chunk_size, seed, verify)
    with showing(progress):
        found = streamed_moments(model, loss, *measured, chunk_size, verify)
    if coordinates is not None:
        return found
    return {
        name: Moments(*(moment.reshape(measured[2][name].shape) for moment in moments))
        for name, moments in found.items()
    }
