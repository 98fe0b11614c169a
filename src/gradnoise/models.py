"""Models by name (built-in or a user's own), their losses, checkpoints and devices.

As a program it describes a user's own model as JSON, so that its layers are known without torch:
`python -m gradnoise.models --settings '{"model": ..., "input_shape": ..., "outputs": ...}' --output F`.
"""

import importlib
import inspect
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from gradnoise import architectures, modules, stage
from gradnoise.architectures import Parameter
from gradnoise.draws import Stream, torch_seed
from gradnoise.store import InputError, atomic, write_text

Loss = Callable[[Tensor, Tensor], Tensor]

_NORMALISATIONS = (
    nn.modules.batchnorm._NormBase,
    nn.GroupNorm,
    nn.LayerNorm,
    nn.RMSNorm,
)
METADATA = "gradnoise"


def build(
    model: Mapping[str, Any], input_shape: Sequence[int], outputs: int, seed: int
) -> nn.Module:
    """Initialised model on the CPU, in train mode. Torch's global random state stays as it was.

    Args:
        model: {"name": built-in name or "package.module:factory", "arguments": {...}}. A factory is called
            with the arguments, and with `input_shape` and `outputs` where it names them.
        input_shape: of one sample.
        outputs: number of classes, or of regression targets.
        seed: initialisation is drawn from its own stream of this seed.

    Raises:
        InputError: where the name, an argument or the input's shape does not fit, or a user's factory
            fails or returns something that is not a module from such inputs to such outputs.
    """
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed: that would reseed the accelerators too.
        torch.default_generator.manual_seed(torch_seed(seed, Stream.INITIALISATION))
        if not architectures.is_own(model["name"]):
            return modules.network(architectures.layers(model, input_shape, outputs))
        return _own(model["name"], model.get("arguments", {}), input_shape, outputs)


def describe(model: nn.Module) -> list[Parameter]:
    """Trainable parameters of any module, in the order of `named_parameters()`."""
    names = {name for name, tensor in model.named_parameters() if tensor.requires_grad}

    def own(prefix: str, module: nn.Module) -> dict[str, tuple[int, ...]]:
        tensors = module.named_parameters(prefix, recurse=False)
        return {name.rpartition(".")[2]: tuple(t.shape) for name, t in tensors if name in names}

    members = ((name, _operation(m), own(name, m)) for name, m in model.named_modules())
    return architectures.annotate(member for member in members if member[2])


def _operation(module: nn.Module) -> str:
    if isinstance(module, nn.modules.conv._ConvNd):
        return "convolution"
    if isinstance(module, nn.Linear):
        return "linear"
    return "normalisation" if isinstance(module, _NORMALISATIONS) else "other"


@contextmanager
def _users_code(name: str, doing: str) -> Iterator[None]:
    """Turn whatever a user's code raises into one message that says where."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise InputError(
            f"model {name}: {doing} failed with {type(error).__name__}: {error} "
            f"({frame.filename}, line {frame.lineno})"
        ) from error


def _own(
    name: str, arguments: Mapping[str, Any], input_shape: Sequence[int], outputs: int
) -> nn.Module:
    module_name, _, factory_name = name.partition(":")
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    with _users_code(
        name, f"importing {module_name!r} from {os.getcwd()} and the installed packages"
    ):
        module = importlib.import_module(module_name)
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise InputError(f"model {name}: {module_name} has no function or class {factory_name!r}")
    with _users_code(name, "reading the factory's signature"):
        signature = inspect.signature(factory)
    shape = {"input_shape": tuple(input_shape), "outputs": outputs}
    given = {key: value for key, value in shape.items() if key in signature.parameters}
    given |= arguments
    try:
        signature.bind(**given)
    except TypeError as error:
        raise InputError(
            f"model {name}: {error}; it is called as {factory_name}("
            f"{', '.join(f'{key}={value!r}' for key, value in given.items())}), "
            f"and its signature is {factory_name}{signature}"
        ) from None
    with _users_code(name, f"calling {factory_name}"):
        model = factory(**given)
    _check(name, model, input_shape, outputs)
    return model


def _check(name: str, model: Any, input_shape: Sequence[int], outputs: int) -> None:
    """A user's model maps a batch of two inputs to two rows of outputs (lazy layers get their shape)."""
    if not isinstance(model, nn.Module):
        raise InputError(f"model {name}: found {type(model)}; a torch.nn.Module is needed")
    training = model.training
    with _users_code(name, f"a batch of inputs of shape {(2, *input_shape)}"), torch.no_grad():
        found = model.eval()(torch.zeros(2, *input_shape))
    model.train(training)
    if not isinstance(found, Tensor) or found.shape != (2, outputs):
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found)
        raise InputError(
            f"model {name}: for two inputs it returned {shape}; "
            f"a tensor of shape {(2, outputs)} (batch, outputs) is needed"
        )
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise InputError(f"model {name}: it has no trainable parameters")


def loss(name: str) -> Loss:
    """Loss (outputs, targets) -> batch mean.

    "cross_entropy": outputs are logits, targets class numbers. "mean_squared_error": mean over all
    elements of (outputs - targets)^2; class numbers stand for one-hot rows.

    Raises:
        InputError: for another name.
    """
    losses: dict[str, Loss] = {
        "cross_entropy": F.cross_entropy,
        "mean_squared_error": _mean_squared_error,
    }
    if name not in losses:
        raise InputError(f"loss: found {name!r}; accepted: {', '.join(losses)}")
    return losses[name]


def _mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    if not targets.is_floating_point():
        # F.one_hot looks at the values, which torch.func.vmap does not allow.
        classes = torch.arange(outputs.shape[-1], device=targets.device)
        targets = (targets.unsqueeze(-1) == classes).to(outputs.dtype)
    return F.mse_loss(outputs, targets)


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


def set_device(name: str) -> torch.device:
    """Device by name; "auto" is the first there is of cuda, mps, cpu.

    Raises:
        InputError: for another name, or a device that this machine does not have.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    here = [device for device, found in available.items() if found]
    if name not in ("auto", *here):
        raise InputError(f"device: found {name!r}; this machine accepts: auto, {', '.join(here)}")
    return torch.device(here[0] if name == "auto" else name)


def deterministic(torch_threads: int) -> None:
    """Make this process's torch repeat its bits: deterministic algorithms, full float32, fixed threads.

    To be called before the first use of CUDA. An operation that has no deterministic form on the device
    (in a user's own model) warns.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(torch_threads)
    # The same switch as `use_deterministic_algorithms`, without importing torch's compiler (3 s).
    torch.set_deterministic_debug_mode("warn")
    # Otherwise this mode also fills every fresh tensor with NaN, which only costs time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False


def main() -> None:
    """Describe a user's own model."""
    args = stage.parse("Describe a model's parameters as JSON.")
    settings = args.settings
    model = build(settings["model"], settings["input_shape"], settings["outputs"], seed=0)
    description = [asdict(parameter) for parameter in describe(model)]
    write_text(args.output, json.dumps(description, indent=1) + "\n")


if __name__ == "__main__":
    stage.run(main)
