"""Per-sample gradients of a model in hand."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.errors import InputError, refuse_masks, whole
from gradnoise.stage import showing

if TYPE_CHECKING:
    import torch

    from gradnoise.gradients.selections import Selection


def per_sample_gradients(
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
) -> dict[str, NDArray[np.float32]]:
    """The gradient of every sample's own loss, of every trainable parameter, biases included.

    Layers that torch's own modules compute are done from one forward and backward pass over a chunk, without
    forming whole gradients: a weight's is the sum over positions of error times input (Goodfellow 2015,
    arXiv:1510.01799, for linear layers). Everything else is differentiated sample by sample.

    Args:
        model: any module called as `model(inputs)`, on any device; its train/eval flag is respected, and
            parameters, buffers, gradients, flags and the global random state are left bit-identical.
        loss: `loss(outputs, targets)`, the batch mean; a sample's loss is that of a batch of one.
        inputs, targets: the N samples, (N, ...), torch or NumPy.
        coordinates: None for all; a number, drawn for every parameter; or flat indices by parameter.
        chunk_size: samples a pass; default 128.
        seed: of the coordinates drawn.
        verify: prove every chunk, for at most one more forward and backward pass (see `gradients.verification`).
            False for those who have measured the same model and loss with True before.
        progress: show it on a terminal (elsewhere only where logging's level is INFO).

    Returns:
        By parameter name float32 (N, C), in loss per unit of the parameter; all coordinates in the
        parameter's flattened order, drawn ones ascending, given ones as given.

    Raises:
        ValueError: where a sample's gradient depends on its batch mates or is drawn anew in every pass
            (BatchNorm or dropout in train mode), where a gradient is not finite (names sample and
            parameter), and for impossible coordinates or samples.

    The gradient of half the squared error of w x is (w x - y) x:

    >>> import torch
    >>> model = torch.nn.Linear(1, 1, bias=False)
    >>> _ = torch.nn.init.constant_(model.weight, 2)
    >>> loss = lambda outputs, targets: ((outputs - targets) ** 2).mean() / 2
    >>> inputs, targets = torch.tensor([[1.0], [3.0]]), torch.tensor([[1.0], [1.0]])
    >>> per_sample_gradients(model, loss, inputs, targets)["weight"].tolist()
    [[1.0], [15.0]]
    """
    from gradnoise.gradients.streaming import collected_gradients

    measured = checked(model, loss, inputs, targets, coordinates, chunk_size, seed, verify)
    with showing(progress):
        found = collected_gradients(model, loss, *measured, chunk_size, verify)
    return {name: chosen for name, (chosen, _) in found.items()}


def checked(
    model: "torch.nn.Module",
    loss: "Callable[[torch.Tensor, torch.Tensor], torch.Tensor]",
    inputs: "ArrayLike | torch.Tensor",
    targets: "ArrayLike | torch.Tensor",
    coordinates: int | Mapping[str, Sequence[int]] | None,
    chunk_size: int | None,
    seed: int,
    verify: bool,
) -> "tuple[torch.Tensor, torch.Tensor, dict[str, Selection]]":
    """Samples as tensors and what is measured of the trainable parameters; arguments as in `per_sample_gradients`.

    Raises:
        InputError: as there.
    """
    import torch

    from gradnoise.gradients.selections import select
    from gradnoise.gradients.verification.dependence import require_independence, require_measurable
    from gradnoise.gradients.verification.types import require_types

    refuse_masks("inputs", inputs)
    refuse_masks("targets", targets)
    inputs, targets = torch.as_tensor(inputs), torch.as_tensor(targets)
    require_samples(len(inputs), len(targets), chunk_size)
    require_measurable(model)
    require_types(model, loss, inputs, targets)
    parameters = {name: each for name, each in model.named_parameters() if each.requires_grad}
    selections = select(parameters, coordinates, 0, whole("seed", seed, 0))
    if verify:
        require_independence(model, loss, inputs, targets, chunk_size)
    return inputs, targets, selections


def require_samples(inputs: int, targets: int, chunk_size: int | None) -> None:
    """Refuse numbers of inputs and targets that differ or are 0, and a chunk size below 1.

    Raises:
        InputError: says what was found.
    """
    if not 0 < inputs == targets:
        raise InputError(
            f"found {inputs} inputs and {targets} targets; needed: as many targets as inputs, "
            "at least one of each"
        )
    if chunk_size is not None:
        whole("chunk_size", chunk_size)
