"""Weights of a model as other programs save them: a state dict, wrapped or not, with or without a prefix."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from gradnoise.errors import InputError

NAMED = 3  # problems that a message names; a number stands for the others


def read(path: Path) -> dict[str, Tensor]:
    """The state dict of a file, on the CPU. Nothing in the file is executed.

    Args:
        path: safetensors; or what `torch.save` wrote: a state dict, or a mapping with one among its values.

    Raises:
        InputError: where the file is missing, damaged, or holds anything else.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a checkpoint, found none")
    if path.suffix == ".safetensors":
        try:
            return dict(load_file(path))
        except SafetensorError as error:
            raise InputError(f"{path}: this checkpoint is damaged ({error})") from None
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever bytes that are no such file lead to
        raise InputError(
            f"{path}: found {type(error).__name__} on reading it as tensors alone; accepted: what "
            "torch.save(model.state_dict(), ...) writes, or safetensors"
        ) from None
    return _unwrapped(found, path)


def _is_state(found: Any) -> bool:
    return (
        isinstance(found, Mapping)
        and bool(found)
        and all(isinstance(name, str) for name in found)
        and all(isinstance(value, Tensor) for value in found.values())
    )


def _unwrapped(found: Any, path: Path) -> dict[str, Tensor]:
    """The state dict itself, or the only one among the values of a mapping.

    Raises:
        InputError: where there is none, or several.
    """
    if _is_state(found):
        return dict(found)
    values = found if isinstance(found, Mapping) else {}
    inner = [name for name, value in values.items() if _is_state(value)]
    if len(inner) != 1:
        held = f"with {', '.join(map(str, values))}" if values else type(found).__name__
        among = f"; {' and '.join(map(str, inner))} are state dicts" if inner else ""
        raise InputError(
            f"{path}: found {'a mapping ' * bool(values)}{held}{among}; accepted: one state dict, alone or among "
            "the values"
        )
    return dict(values[inner[0]])


def fit(state: Mapping[str, Tensor], model: nn.Module, path: Path) -> dict[str, Tensor]:
    """A state dict under the model's own names and in its precision.

    A prefix that every name bears (`module.` of DataParallel, `_orig_mod.` of compiled models) goes where the model's
    names have none. Counters of batches, which older checkpoints lack, are the model's.

    Args:
        state: as `read` returns.
        model: whose names and shapes are expected.
        path: of the file, for messages.

    Raises:
        InputError: one line that names what is missing, unknown, of another shape or kind, or not finite.
    """
    expected = model.state_dict()
    found = max(_shortened(dict(state)), key=lambda names: len(names.keys() & expected.keys()))
    counters = {name for name in expected if name.endswith("num_batches_tracked")}
    complete = {name: expected[name] for name in counters} | found
    problems = [
        *(f"no {name}" for name in expected if name not in complete),
        *(f"unknown {name}" for name in complete if name not in expected),
        *(
            f"{name} of shape {tuple(complete[name].shape)} for {tuple(tensor.shape)}"
            for name, tensor in expected.items()
            if name in complete and complete[name].shape != tensor.shape
        ),
        *(
            f"{name} in {complete[name].dtype} for {tensor.dtype}"
            for name, tensor in expected.items()
            if name in complete and complete[name].is_floating_point() != tensor.is_floating_point()
        ),
    ]
    if problems:
        others = f" and {len(problems) - NAMED} more" if len(problems) > NAMED else ""
        raise InputError(
            f"{path}: this checkpoint is another model's: {', '.join(problems[:NAMED])}{others}"
        )
    ours = {name: complete[name].detach().to(tensor.dtype) for name, tensor in expected.items()}
    broken = [name for name, tensor in ours.items() if not tensor.isfinite().all()]
    if broken:
        raise InputError(
            f"{path}: found numbers that are not finite in {', '.join(broken[:NAMED])}"
        )
    return ours


def _shortened(state: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    """The state dict, and what remains of it without each prefix that all of its names share."""
    found = [state]
    while len(prefixes := {name.partition(".")[0] for name in found[-1]}) == 1 and all(
        "." in name for name in found[-1]
    ):
        cut = len(prefixes.pop()) + 1
        found.append({name[cut:]: tensor for name, tensor in found[-1].items()})
    return found
