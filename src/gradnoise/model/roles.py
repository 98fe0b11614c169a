"""Which parameters of a model do nothing but add, and at how many places of a sample its modules work: by one pass."""

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves
from torch.utils.hooks import RemovableHandle

# Operations through which a parameter stays itself, in another shape.
SHAPES = ("View", "Reshape", "Expand", "Squeeze", "Unsqueeze", "T", "Transpose", "Permute", "Alias")
# Operations that add, by the places of what they add; None for any.
SUMS: dict[str, int | None] = {"Add": None, "Sub": None, "Addmm": 0, "Addbmm": 0, "Convolution": 2}


def added(model: nn.Module, inputs: Tensor) -> frozenset[str]:
    """Names of the vectors among the parameters that every use in a pass adds to something.

    A vector has at most one axis that is longer than one; anything else (a table of positions) is a weight.

    Args:
        model: called as `model(inputs)`.
        inputs: a batch.
    """
    with torch.enable_grad():
        outputs = [each for each in tree_leaves(model(inputs)) if isinstance(each, Tensor)]
    names = {id(each): name for name, each in model.named_parameters() if _is_vector(each)}
    found: dict[str, list[bool]] = {}
    consumers = _consumers([each.grad_fn for each in outputs if each.grad_fn is not None])
    for node in consumers:
        name = names.get(id(getattr(node, "variable", None)))
        if name is not None:
            found[name] = _adds(node, consumers)
    return frozenset(name for name, uses in found.items() if uses and all(uses))


def places(model: nn.Module, inputs: Tensor) -> dict[str, int]:
    """Places of one sample at which every module with parameters is applied: pixels, or positions of a sequence.

    Args:
        model: called as `model(inputs)`, without gradients.
        inputs: a batch.
    """
    found: dict[str, int] = {}

    def watch(name: str, module: nn.Module) -> RemovableHandle:
        def count(_module: nn.Module, _inputs: object, outputs: object) -> None:
            first = next((each for each in tree_leaves(outputs) if isinstance(each, Tensor)), None)
            if first is not None and first.ndim > 1:
                convolution = isinstance(module, nn.modules.conv._ConvNd)
                channels = first.shape[1 if convolution else -1]
                each = first.numel() // max(1, channels * len(inputs))
                found[name] = found.get(name, 0) + max(1, each)

        return module.register_forward_hook(count)

    named = model.named_modules()
    hooks = [watch(name, each) for name, each in named if any(True for _ in each.parameters(False))]
    try:
        with torch.no_grad():
            model(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _is_vector(parameter: Tensor) -> bool:
    return parameter.ndim > 0 and parameter.numel() == max(parameter.shape)


def _consumers(roots: list[torch.autograd.graph.Node]) -> dict[object, list[tuple[object, int]]]:
    """Of every node of a graph, the nodes that use what it computed, and at which place."""
    found: dict[object, list[tuple[object, int]]] = {root: [] for root in roots}
    pending = list(dict.fromkeys(roots))
    while pending:
        node = pending.pop()
        for place, (source, _) in enumerate(node.next_functions):
            if source is None:
                continue
            if source not in found:
                found[source] = []
                pending.append(source)
            found[source].append((node, place))
    return found


def _adds(node: object, consumers: dict[object, list[tuple[object, int]]]) -> list[bool]:
    """Of every use of what a node computed, whether it is a sum."""
    uses = []
    for consumer, place in consumers[node]:
        operation = type(consumer).__name__.partition("Backward")[0]
        if operation in SHAPES or operation in ("UnsafeView", "ToCopy"):
            uses += _adds(consumer, consumers)
        else:
            uses.append(operation in SUMS and SUMS[operation] in (None, place))
    return uses
