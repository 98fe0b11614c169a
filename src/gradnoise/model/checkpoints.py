"""Checkpoints of a model as safetensors."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import nn

from gradnoise.errors import InputError
from gradnoise.store.checksums import verify
from gradnoise.store.whole import atomic

METADATA = "gradnoise"


def save(path: Path, model: nn.Module, metadata: Mapping[str, Any]) -> None:
    """Write a model's parameters and buffers as safetensors; equal models give equal bytes.

    The metadata is one JSON entry, "gradnoise": the format does not keep the order of several.
    """
    # Clones: tied weights share memory, which the format does not know.
    state = {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
    state = {name: tensor.contiguous() for name, tensor in state.items()}
    with atomic(path) as temporary:
        temporary.write_bytes(to_bytes(state, {METADATA: json.dumps(metadata, sort_keys=True)}))


def load(path: Path, model: nn.Module) -> dict[str, Any]:
    """Put a checkpoint's parameters and buffers into a model; return its metadata.

    Raises:
        InputError: where the file is missing, damaged or another model's.
    """
    verify(path)
    try:
        with safe_open(path, "pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata: dict[str, Any] = json.loads((file.metadata() or {}).get(METADATA, "{}"))
        model.load_state_dict(state)
    except FileNotFoundError:
        raise InputError(f"{path}: expected a checkpoint, found none") from None
    except SafetensorError as error:
        raise InputError(f"{path}: this checkpoint is damaged ({error})") from None
    except RuntimeError as error:
        raise InputError(f"{path}: this checkpoint is another model's: {error}") from None
    return metadata
