"""Jacobians of a network: from its inputs, and from every linear layer's preactivations, to its outputs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.func import functional_call, jacfwd, jacrev, vmap

from gradnoise.errors import InputError
from gradnoise.model.preservation import preserved

Floats = NDArray[np.float64]

_MIXING = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)


def jacobian_singular_values(
    model: nn.Module, inputs: ArrayLike | Tensor, chunk_size: int = 64
) -> Floats:
    """Singular values of the Jacobian from a sample's inputs to its outputs, sample by sample.

    Args:
        model: any module called as `model(inputs)`, on any device; left bit-identical.
        inputs: (N, ...), torch or NumPy, real.
        chunk_size: samples a pass.

    Returns:
        float64 (N, min(inputs, outputs)) of flattened samples, in descending order.

    Raises:
        InputError: where samples' outputs depend on their batch mates (BatchNorm or dropout in train mode), for
            integer inputs, and where a Jacobian is not finite.

    >>> layer = torch.nn.Linear(3, 2, bias=False)
    >>> _ = layer.weight.data.copy_(torch.tensor([[0.0, 2.0, 0.0], [0.5, 0.0, 0.0]]))
    >>> jacobian_singular_values(layer, [[1.0, 2.0, 3.0]]).tolist()
    [[2.0, 0.5]]
    """
    samples = as_inputs(model, inputs)
    with preserved(model), torch.no_grad():
        outputs = model(samples[:1])[0].numel()
        differentiated = jacrev if outputs <= samples[0].numel() else jacfwd

        def alone(sample: Tensor) -> Tensor:
            return functional_call(model, {}, (sample.unsqueeze(0),)).reshape(-1)

        jacobian: Any = vmap(differentiated(alone))
        parts = [
            jacobian(part).reshape(len(part), outputs, -1) for part in samples.split(chunk_size)
        ]
    found = torch.cat(parts).double().cpu()
    if not found.isfinite().all():
        raise InputError("jacobian: found values that are not finite")
    return np.linalg.svd(found.numpy(), compute_uv=False)


def as_inputs(model: nn.Module, inputs: ArrayLike | Tensor) -> Tensor:
    """Samples on the model's device, of its parameters' precision.

    Raises:
        InputError: for no samples, integers, and a model in train mode whose samples are not independent.
    """
    require_independent(model)
    like = next(model.parameters())
    samples = torch.as_tensor(inputs)
    if not len(samples) or not samples.is_floating_point():
        raise InputError(
            f"inputs: found {len(samples)} samples of {samples.dtype}; real numbers are needed"
        )
    return samples.detach().to(like.device, like.dtype)


def require_independent(model: nn.Module) -> None:
    """Refuse a model in train mode of which a sample's outputs depend on its batch mates or on chance.

    Raises:
        InputError: names the module.
    """
    for name, module in model.named_modules():
        if module.training and isinstance(module, _MIXING):
            raise InputError(
                f"model: {name} ({type(module).__name__}) is in train mode; call model.eval() first: of one sample "
                "there is no Jacobian otherwise"
            )


def layer_jacobians(model: nn.Module, inputs: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """What every linear layer does with every sample.

    Args:
        model: in which every `nn.Linear` is called at most once, on the samples' vectors.
        inputs: (N, ...), on the model's device.

    Returns:
        By layer that is called: its inputs (N, fan-in), and the Jacobians from its preactivations to the model's flattened
        outputs (N, outputs, fan-out).

    Raises:
        InputError: names a layer that is called otherwise.
    """
    layers = {name: each for name, each in model.named_modules() if isinstance(each, nn.Linear)}
    shifts = {name: inputs.new_zeros(each.out_features) for name, each in layers.items()}

    def outputs(shifts: dict[str, Tensor], sample: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        entered: dict[str, Tensor] = {}
        with _shifted(layers, shifts, entered):
            return functional_call(model, {}, (sample.unsqueeze(0),)).reshape(-1), entered

    derivatives: Any = vmap(jacrev(outputs, has_aux=True), in_dims=(None, 0))
    with torch.no_grad():
        found, entered = derivatives(shifts, inputs)
    return {name: (entered[name], found[name]) for name in layers if name in entered}


@contextmanager
def _shifted(
    layers: dict[str, nn.Linear], shifts: dict[str, Tensor], entered: dict[str, Tensor]
) -> Iterator[None]:
    """Add a shift to every layer's preactivations meanwhile, and keep what enters the layer."""

    def hook(name: str) -> Any:
        def add(_: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> Tensor:
            if name in entered or given[0].ndim != 2:
                raise InputError(
                    f"layer {name}: found a layer called twice, or on sequences; one vector a sample is needed"
                )
            entered[name] = given[0][0]
            return output + shifts[name]

        return add

    handles = [layer.register_forward_hook(hook(name)) for name, layer in layers.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
