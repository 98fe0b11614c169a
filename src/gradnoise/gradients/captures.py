"""What one forward and backward pass reveals about every layer, without any weight gradient.

Forward hooks keep a layer's input and perturb its output by a zero; the gradient of the summed per-sample
losses with respect to that perturbation is the layer's error, sample by sample. Nothing else is differentiated.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from gradnoise.gradients.contractions import Contraction, Rows, contract
from gradnoise.gradients.sample_losses import summed_loss
from gradnoise.gradients.selections import Selection, project_rows
from gradnoise.model.loss import Loss

Owner = tuple[nn.Module, str]  # the module that a parameter belongs to, and its name there

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm)


@dataclass
class Call:
    """One call of a layer: its input (n, ...), the perturbation of its output, and later the error (n, ...)."""

    inputs: torch.Tensor
    perturbation: torch.Tensor
    error: torch.Tensor

    def usable(self, samples: int) -> bool:
        """Whether its leading axis can be that of the samples."""
        return len(self.inputs) == samples and len(self.perturbation) == samples


def capturable(model: nn.Module, names: Sequence[str]) -> dict[str, Owner]:
    """Module and attribute of those parameters whose gradients a capture gives.

    Leaves out what belongs to other kinds of modules (or subclasses, which may compute differently), and
    parameters shared by several.
    """
    modules, owners = dict(model.named_modules()), dict[int, int]()
    for _, parameter in model.named_parameters(remove_duplicate=False):
        owners[id(parameter)] = owners.get(id(parameter), 0) + 1
    found = {}
    for name in names:
        path, _, attribute = name.rpartition(".")
        module = modules[path]
        known = type(module) in (nn.Linear, *CONVOLUTIONS, *NORMALISATIONS)
        if (
            known
            and attribute in ("weight", "bias")
            and owners[id(getattr(module, attribute))] == 1
        ):
            found[name] = module, attribute
    return found


def capture(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    modules: Sequence[nn.Module],
) -> tuple[dict[nn.Module, list[Call]], Any]:
    """One pass over a batch, giving every call of the modules, and the model's outputs."""
    with torch.enable_grad(), _recorded(model, modules) as calls:
        outputs = model(inputs)
        total = summed_loss(loss, outputs, targets)
        every = [call for module in modules for call in calls[module]]
        if every and total.requires_grad:
            perturbations = [call.perturbation for call in every]
            errors = torch.autograd.grad(total, perturbations, materialize_grads=True)
            for call, error in zip(every, errors, strict=True):
                call.error = error
    return calls, outputs


@contextmanager
def _recorded(
    model: nn.Module, modules: Sequence[nn.Module]
) -> Iterator[dict[nn.Module, list[Call]]]:
    """Record the modules' calls meanwhile, with no parameter asking for a gradient."""
    calls: dict[nn.Module, list[Call]] = {module: [] for module in modules}

    def record(
        module: nn.Module,
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
        output: torch.Tensor,
    ) -> torch.Tensor:
        given = arguments[0] if arguments else next(iter(keywords.values()))
        zero = torch.zeros_like(output, requires_grad=True)
        # No parameter asks for a gradient: autograd's graph begins at this zero.
        calls[module].append(Call(given.detach(), zero, zero.detach()))
        return output + zero

    required = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    handles = [module.register_forward_hook(record, with_kwargs=True) for module in modules]
    try:
        for parameter, _ in required:
            parameter.requires_grad_(False)
        yield calls
    finally:
        for handle in handles:
            handle.remove()
        for parameter, require in required:
            parameter.requires_grad_(require)


def usable(calls: Sequence[Call], samples: int) -> bool:
    """Whether a layer was called, and its calls' leading axes can be those of the samples."""
    return bool(calls) and all(call.usable(samples) for call in calls)


def captured_gradients(
    calls: Mapping[nn.Module, Sequence[Call]],
    parameters: Mapping[str, Owner],
    selections: Mapping[str, Selection],
    samples: int,
) -> dict[str, Rows]:
    """Per-sample gradients at the selections of all parameters whose calls are usable."""
    rows = {}
    for name, (module, attribute) in parameters.items():
        if usable(calls[module], samples):
            parts = [_gradient(module, attribute, call, selections[name]) for call in calls[module]]
            chosen, projected = parts[0]
            for more_chosen, more_projected in parts[1:]:
                chosen, projected = chosen + more_chosen, projected + more_projected
            rows[name] = chosen, projected
    return rows


def _gradient(module: nn.Module, attribute: str, call: Call, selection: Selection) -> Rows:
    samples, inputs, error = len(call.perturbation), call.inputs.float(), call.error.float()
    if isinstance(module, CONVOLUTIONS):
        if attribute == "bias":
            return project_rows(selection, error.flatten(start_dim=2).sum(dim=2))
        return contract(contraction(module, call), selection)
    if isinstance(module, nn.Linear):
        if attribute == "bias":
            return project_rows(
                selection, error.reshape(samples, -1, module.out_features).sum(dim=1)
            )
        return contract(contraction(module, call), selection)
    if attribute == "weight":
        error = error * _normalised(module, inputs)
    if isinstance(module, nn.LayerNorm):
        gradient = error.reshape(samples, -1, selection.size).sum(dim=1)
    else:
        gradient = error.reshape(samples, selection.size, -1).sum(dim=2)
    return project_rows(selection, gradient)


def contraction(module: nn.Module, call: Call) -> Contraction:
    """Where every weight of a convolution or linear layer meets its inputs in one of its calls."""
    inputs, error = call.inputs.float(), call.error.float()
    if isinstance(module, CONVOLUTIONS):
        return _convolution(module, inputs, error)
    assert isinstance(module, nn.Linear)
    samples = len(call.perturbation)
    error = error.reshape(samples, -1, module.out_features)
    positions = np.arange(error.shape[1]) * module.in_features
    offset = np.arange(module.in_features)
    flat, error = inputs.reshape(samples, -1), error.transpose(1, 2).contiguous()
    return Contraction(flat, error, offset, positions, 1)


def _normalised(module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """The input of a normalisation's scale."""
    if isinstance(module, nn.LayerNorm):
        return F.layer_norm(inputs, module.normalized_shape, eps=module.eps)
    assert isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d)
    return F.batch_norm(inputs, module.running_mean, module.running_var, eps=module.eps)


def _convolution(
    module: nn.Conv1d | nn.Conv2d | nn.Conv3d, inputs: torch.Tensor, error: torch.Tensor
) -> Contraction:
    """Where every weight meets its inputs, from the layer's geometry."""
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    padded = F.pad(inputs, module._reversed_padding_repeated_twice, mode=mode)
    offset, base = _geometry(
        tuple(padded.shape[1:]),
        tuple(error.shape[2:]),
        module.kernel_size,
        module.dilation,
        module.stride,
    )
    return Contraction(
        padded.flatten(start_dim=1),
        error.flatten(start_dim=2).contiguous(),
        offset,
        base,
        module.groups,
    )


@lru_cache(maxsize=1024)
def _geometry(
    padded: tuple[int, ...],
    outputs: tuple[int, ...],
    kernel: tuple[int, ...],
    dilation: tuple[int, ...],
    stride: tuple[int, ...],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offset of every weight column in the flattened input, and shift of every output position."""
    channels, *sizes = padded
    steps = [int(np.prod(sizes[axis + 1 :])) for axis in range(len(sizes))]
    offset = np.arange(channels) * int(np.prod(sizes))
    base = np.zeros(1, np.int64)
    for axis, step in enumerate(steps):
        within = np.arange(kernel[axis]) * dilation[axis]
        offset = np.add.outer(offset, within * step).ravel()
        base = np.add.outer(base, np.arange(outputs[axis]) * stride[axis] * step).ravel()
    return offset, base
