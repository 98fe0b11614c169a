"""Models by name, built-in or a user's own."""

import inspect
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
from gradnoise.model.own_code import imported, is_own, users_code
from gradnoise.model.projections import tell_apart
from gradnoise.model.roles import added, places

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
# Places at which their modules work.
_places: WeakKeyDictionary[nn.Module, dict[str, int]] = WeakKeyDictionary()


def build(
    model: Mapping[str, Any],
    input_shape: Sequence[int],
    outputs: int,
    seed: int,
    tokens: bool = False,
    positions: Sequence[int] = (),
) -> nn.Module:
    """Initialised model on the CPU, in train mode. Torch's global random state stays as it was.

    Args:
        model: {"name": built-in name or "package.module:factory", "arguments": {...}}. A factory is called
            with the arguments, and with `input_shape` and `outputs` where it names them.
        input_shape: of one sample.
        outputs: number of classes, or of regression targets.
        seed: initialisation is drawn from its own stream of this seed.
        tokens: whether inputs are integers (int64), which only a user's own model takes.
        positions: shape of one sample's class labels: () or, of sequences, (T,). Outputs are then (batch, T,
            classes), of at least as many classes as there are in the data (a larger vocabulary).

    Raises:
        InputError: where the name, an argument or the input's shape does not fit, or a user's factory
            fails or returns something that is not a module from such inputs to such outputs.
    """
    architectures.require_suitable(model["name"], tokens, positions)
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed: that would reseed the accelerators too.
        torch.default_generator.manual_seed(torch_seed(seed, Stream.INITIALISATION))
        if not is_own(model["name"]):
            layers = architectures.layers(model, input_shape, outputs)
            return modules.network(layers, NETWORKS[model["name"]].residual)
        own = _own(model["name"], model.get("arguments", {}), input_shape, outputs)
        _prepare(model["name"], own, _example(input_shape, tokens), (2, *positions, outputs))
        return own


def describe(model: nn.Module) -> list[Parameter]:
    """Trainable parameters of any module, in the order of `named_parameters()`."""
    names = {name for name, tensor in model.named_parameters() if tensor.requires_grad}

    def own(prefix: str, module: nn.Module) -> dict[str, tuple[int, ...]]:
        tensors = module.named_parameters(prefix, recurse=False)
        return {name.rpartition(".")[2]: tuple(t.shape) for name, t in tensors if name in names}

    modules_of = dict(model.named_modules())
    # What parametrises a layer's weight belongs to that layer.
    members = (
        (name, _operation(modules_of[name.partition(_PARAMETRIZED)[0]]), own(name, each))
        for name, each in modules_of.items()
    )
    found = architectures.annotate(
        (member for member in members if member[2]), _added.get(model, frozenset())
    )
    return architectures.at_places(found, _places.get(model, {}))


def _operation(module: nn.Module) -> str:
    """What a module does."""
    kinds = (each for each, types in _OPERATIONS.items() if isinstance(module, types))
    return next(kinds, "other")


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


def _own(name: str, arguments: Mapping[str, Any], input_shape: Sequence[int], outputs: int) -> Any:
    factory, called = imported("model", name), name.partition(":")[2]
    with users_code(f"model {name}", "reading the factory's signature"):
        signature = inspect.signature(factory)
    shape = {"input_shape": tuple(input_shape), "outputs": outputs}
    given = {key: value for key, value in shape.items() if key in signature.parameters}
    given |= arguments
    try:
        signature.bind(**given)
    except TypeError as error:
        raise InputError(
            f"model {name}: {error}; it is called as {called}("
            f"{', '.join(f'{key}={value!r}' for key, value in given.items())}), "
            f"and its signature is {called}{signature}"
        ) from None
    with users_code(f"model {name}", f"calling {called}"):
        return factory(**given)


def _example(input_shape: Sequence[int], tokens: bool) -> Tensor:
    """A batch of two inputs."""
    shape = (2, *input_shape)
    # Ones: 0 is padding to many a model of tokens, and a sample of nothing else no sample.
    return torch.ones(shape, dtype=torch.int64) if tokens else torch.zeros(shape)


def _prepare(name: str, model: Any, inputs: Tensor, expected: tuple[int, ...]) -> None:
    """Check a user's model, and take it up: what attention projects told apart, what only adds remembered."""
    _check(name, model, inputs, expected)
    with _evaluating(model):
        tell_apart(model, lambda: model(inputs.clone()))
        with users_code(f"model {name}", "a batch whose gradients are wanted"):
            _added[model] = added(model, inputs.clone())
            _places[model] = places(model, inputs.clone())


def _check(name: str, model: Any, inputs: Tensor, expected: tuple[int, ...]) -> None:
    """A user's model maps a batch of two inputs to two rows of outputs (lazy layers get their shape)."""
    if not isinstance(model, nn.Module):
        raise InputError(f"model {name}: found {type(model)}; a torch.nn.Module is needed")
    kind = "inputs"
    if not inputs.is_floating_point():
        kind = "integer inputs (data.inputs: numbers makes real numbers of them)"
    doing = f"a batch of {kind} of shape {tuple(inputs.shape)}"
    with _evaluating(model), users_code(f"model {name}", doing), torch.no_grad():
        found = model(inputs.clone())
    _require_outputs(name, found, expected)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise InputError(f"model {name}: it has no trainable parameters")


def _require_outputs(name: str, found: Any, expected: tuple[int, ...]) -> None:
    """Refuse outputs that are no tensor of the expected shape; of sequences there may be more classes."""
    sequences = len(expected) == 3
    shape = tuple(found.shape) if isinstance(found, Tensor) else None
    if shape == expected:
        return
    if sequences and shape and shape[:-1] == expected[:-1] and shape[-1] > expected[-1]:
        return
    axes = "batch, positions, classes" if sequences else "batch, outputs"
    message = (
        f"model {name}: for two inputs it returned {shape or type(found)}; "
        f"a tensor of shape {expected} ({axes}) is needed"
    )
    if sequences and shape and len(shape) == 3 and shape[2] == expected[1]:
        message += ": classes come last, return outputs.transpose(1, 2)"
    elif sequences and shape and len(shape) == 2:
        message += f": the targets hold a class at each of {expected[1]} positions"
    raise InputError(message)
