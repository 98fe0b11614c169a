"""Do samples and model fit by their types? NumPy's numbers are float64, torch's models float32."""

import torch
from torch import nn

from gradnoise.errors import InputError
from gradnoise.gradients.verification.problem import Problem, asking, measuring
from gradnoise.model.loss import Loss
from gradnoise.model.preservation import preserved

TRIED = 2  # samples: of one alone, BatchNorm has no statistics


def require_types(
    model: nn.Module, loss: Loss, inputs: torch.Tensor, targets: torch.Tensor
) -> None:
    """Refuse samples of a type that the model or the loss does not take, where its own type would do.

    Nothing is computed where the types agree, and nothing refused where a pass over other types works (an
    embedding takes integers, a model may convert).

    Args:
        model: left as it was.
        loss: `loss(outputs, targets)`, the batch mean.
        inputs: (N, ...).
        targets: (N, ...).

    Raises:
        InputError: names what has the wrong type, and how to convert it.
    """
    kinds = {each.dtype for each in model.parameters() if each.is_floating_point()}
    samples = {"inputs": inputs[:TRIED], "targets": targets[:TRIED]}
    differing = [
        name
        for name, part in samples.items()
        if part.dtype not in kinds and (name == "inputs" or part.is_floating_point())
    ]
    if not differing or len(kinds) != 1:
        return
    (kind,) = kinds
    found = _failure(model, loss, samples)
    if found is None:
        return
    # Whose type it is: the one whose conversion is enough.
    for names in ([name] for name in differing) if len(differing) > 1 else ():
        if _failure(model, loss, _converted(samples, names, kind)) is None:
            differing = names
            break
    if _failure(model, loss, _converted(samples, differing, kind)) is None:
        have = " and ".join(f"{name}: found {_word(samples[name].dtype)}" for name in differing)
        ways = ", ".join(
            f"{name}.float()" if kind == torch.float32 else f"{name}.to({kind})"
            for name in differing
        )
        raise InputError(f"{have}; the model's parameters are {_word(kind)}: pass {ways} ({found})")


def _failure(model: nn.Module, loss: Loss, samples: dict[str, torch.Tensor]) -> str | None:
    """What torch says of a forward and backward pass, or None where it works."""
    parameters = [each for each in model.parameters() if each.requires_grad]
    device = parameters[0].device
    inputs, targets = (part.to(device, copy=True) for part in samples.values())
    with preserved(model) as kept, measuring(), asking(parameters):
        try:
            value = loss(Problem(model, loss, kept).outputs(inputs), targets)
            torch.autograd.grad(value, parameters, allow_unused=True)
        except (RuntimeError, TypeError, IndexError, ValueError) as error:
            return str(error).splitlines()[0]
    return None


def _converted(
    samples: dict[str, torch.Tensor], names: list[str], kind: torch.dtype
) -> dict[str, torch.Tensor]:
    return {name: part.to(kind) if name in names else part for name, part in samples.items()}


def _word(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")
