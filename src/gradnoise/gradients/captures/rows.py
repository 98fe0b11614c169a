"""Per-sample gradients of a layer's parameters from the inputs and errors of its calls."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from gradnoise.gradients.captures.calls import Call, Calls, of_parameter, usable
from gradnoise.gradients.captures.embeddings import embedding_rows
from gradnoise.gradients.captures.kinds import CONVOLUTIONS, LAST_AXES, LINEARS, Owner
from gradnoise.gradients.contractions import Contraction, Rows, contract
from gradnoise.gradients.selections import Selection, project_rows


def captured_gradients(
    calls: Calls,
    parameters: Mapping[str, Owner],
    selections: Mapping[str, Selection],
    samples: int,
) -> dict[str, Rows]:
    """Per-sample gradients at the selections of all parameters whose calls are usable."""
    rows = {}
    for name, owner in parameters.items():
        mine = of_parameter(calls, owner)
        if usable(mine, samples):
            parts = [_gradient(owner, call, selections[name]) for call in mine]
            chosen, projected = parts[0]
            for more_chosen, more_projected in parts[1:]:
                chosen, projected = chosen + more_chosen, projected + more_projected
            rows[name] = chosen, projected
    return rows


def multiplied(owner: Owner) -> bool:
    """Whether a parameter is the weight or bias of products with inputs: a convolution's, a linear layer's, a projection's."""
    return isinstance(owner[0], (*CONVOLUTIONS, *LINEARS, nn.MultiheadAttention))


def _gradient(owner: Owner, call: Call, selection: Selection) -> Rows:
    module, attribute = owner
    samples, error = len(call.error), call.error.float()
    if isinstance(module, nn.Embedding):
        return embedding_rows(module, call.inputs, error, selection)
    bias = attribute.endswith("bias")
    if multiplied(owner) and not bias:
        return contract(contraction(module, call), selection)
    if not (bias or multiplied(owner)):
        error = error * _normalised(module, call.inputs.float())
    if isinstance(module, (*LINEARS, *LAST_AXES, nn.MultiheadAttention)):
        gradient = error.reshape(samples, -1, selection.size).sum(dim=1)
    else:
        gradient = error.reshape(samples, selection.size, -1).sum(dim=2)
    return project_rows(selection, gradient)


def contraction(module: nn.Module, call: Call) -> Contraction:
    """Where every weight of a convolution, linear layer or projection meets its inputs in one of its calls."""
    inputs, error = call.inputs.float(), call.error.float()
    if isinstance(module, CONVOLUTIONS):
        return _convolution(module, inputs, error)
    samples, features = len(error), inputs.shape[-1]
    error = error.reshape(samples, -1, error.shape[-1])
    positions = np.arange(error.shape[1]) * features
    flat, error = inputs.reshape(samples, -1), error.transpose(1, 2).contiguous()
    return Contraction(flat, error, np.arange(features), positions, 1)


def _normalised(module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """The input of a normalisation's scale."""
    match module:
        case nn.LayerNorm():
            return F.layer_norm(inputs, module.normalized_shape, eps=module.eps)
        case nn.RMSNorm():
            return F.rms_norm(inputs, module.normalized_shape, eps=module.eps)
        case nn.GroupNorm():
            return F.group_norm(inputs, module.num_groups, eps=module.eps)
    assert isinstance(module, nn.modules.batchnorm._NormBase)
    mean, variance = module.running_mean, module.running_var
    if isinstance(module, nn.modules.batchnorm._BatchNorm):
        return F.batch_norm(inputs, mean, variance, eps=module.eps)
    if module.training or not module.track_running_stats:
        return F.instance_norm(inputs, eps=module.eps)
    return F.instance_norm(inputs, mean, variance, use_input_stats=False, eps=module.eps)


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
