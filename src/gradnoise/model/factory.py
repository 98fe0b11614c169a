"""Models by name, built-in or a user's own."""

import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from gradnoise.draws.streams import Stream, torch_seed
from gradnoise.errors import InputError
from gradnoise.model import architectures, modules
from gradnoise.model.architectures import Parameter
from gradnoise.model.networks import NETWORKS
from gradnoise.model.projections import tell_apart
from gradnoise.model.roles import added

# What modules do, by the first kind that they are of.
_OPERATIONS: dict[str, tuple[type[nn.Module], ...]] = {
    "convolution": (nn.modules.conv._ConvNd,),
    "attention": (nn.MultiheadAttention, nn.modules.linear.NonDynamicallyQuantizableLinear),
    "linear": (nn.Linear, nn.Bilinear),
    "embedding": (nn.Embedding, nn.EmbeddingBag),
    "recurrent": (nn.RNNBase, nn.RNNCellBase),
    "normalisation": (
        nn.modules.batchnorm._NormBase,
        nn.GroupNorm,
        nn.LayerNorm,
        nn.RMSNorm,
    ),
}
_PARAMETRIZED = ".parametrizations."

# Parameters that do nothing but add, of models that were built here.
_added: WeakKeyDictionary[nn.Module, frozenset[str]] = WeakKeyDictionary()


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
            layers = architectures.layers(model, input_shape, outputs)
            return modules.network(layers, NETWORKS[model["name"]].residual)
        return _own(model["name"], model.get("arguments", {}), input_shape, outputs)


def describe(model: nn.Module) -> list[Parameter]:
    """Trainable parameters of any module, in the order of `named_parameters()`."""
    names = {name for name, tensor in model.named_parameters() if tensor.requires_grad}

    def own(prefix: str, module: nn.Module) -> dict[str, tuple[int, ...]]:
        tensors = module.named_parameters(prefix, recurse=False)
        return {name.rpartition(".")[2]: tuple(t.shape) for name, t in tensors if name in names}

    members = (
        (name, _operation(model, name), own(name, each)) for name, each in model.named_modules()
    )
    return architectures.annotate(
        (member for member in members if member[2]), _added.get(model, frozenset())
    )


def _operation(model: nn.Module, name: str) -> str:
    """What a module does; what parametrises a layer's weight belongs to that layer."""
    module = model.get_submodule(name.partition(_PARAMETRIZED)[0])
    kinds = (each for each, types in _OPERATIONS.items() if isinstance(module, types))
    return next(kinds, "other")


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


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """In eval mode meanwhile, every module."""
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in flags:
            module.training = training


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
    with _evaluating(model):
        tell_apart(model, lambda: model(_example(input_shape)))
        with _users_code(name, "a batch whose gradients are wanted"):
            _added[model] = added(model, _example(input_shape))
    return model


def _example(input_shape: Sequence[int]) -> Tensor:
    """A batch of two inputs."""
    return torch.zeros(2, *input_shape)


def _check(name: str, model: Any, input_shape: Sequence[int], outputs: int) -> None:
    """A user's model maps a batch of two inputs to two rows of outputs (lazy layers get their shape)."""
    if not isinstance(model, nn.Module):
        raise InputError(f"model {name}: found {type(model)}; a torch.nn.Module is needed")
    doing = f"a batch of inputs of shape {(2, *input_shape)}"
    with _evaluating(model), _users_code(name, doing), torch.no_grad():
        found = model(_example(input_shape))
    if not isinstance(found, Tensor) or found.shape != (2, outputs):
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found)
        raise InputError(
            f"model {name}: for two inputs it returned {shape}; "
            f"a tensor of shape {(2, outputs)} (batch, outputs) is needed"
        )
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise InputError(f"model {name}: it has no trainable parameters")
