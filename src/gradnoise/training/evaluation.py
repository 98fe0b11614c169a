"""Loss, accuracy and dead units of a model over a data set."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gradnoise.data.samples import PADDING
from gradnoise.model.loss import Loss
from gradnoise.model.losses.cross_entropy import cross_entropy

# Samples, or positions of sequences, evaluated at once; a constant, since it decides the last bits of the result.
BATCH = 500


_RELUS = {
    torch.relu,
    torch.relu_,
    torch.Tensor.relu,
    torch.Tensor.relu_,
    torch.nn.functional.relu,
    torch.nn.functional.relu_,
}


class Evaluation(NamedTuple):
    """Means over a data set; `dead_units` holds shares (0..1).

    `accuracy` is the share of samples, of sequences of positions but for padding, whose class is right; None for
    regression. `logit_gradient` is the largest absolute difference of softmax and one-hot label, which is the gradient
    of cross-entropy by a logit; None for other losses.
    """

    loss: float
    accuracy: float | None
    dead_units: dict[str, float]
    logit_gradient: float | None = None


def watched(evaluation: Evaluation) -> dict[str, float]:
    """Columns of a training's history that not every model has."""
    found = {f"dead_units_{layer}": share for layer, share in evaluation.dead_units.items()}
    if evaluation.logit_gradient is not None:
        found["logit_gradient"] = evaluation.logit_gradient
    return found


class DeadUnits(TorchFunctionMode):
    """Watches every ReLU while a model runs, and which of its units ever gave more than zero.

    A unit is a channel behind a convolution (over all its pixels), or a feature behind a linear layer. A
    ReLU counts for the convolution or linear layer that ran last before it; a module (`nn.ReLU`) and a
    function call (`F.relu`) are seen alike.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.alive: dict[str, Tensor] = {}
        self._layer, self._axis = "", -1

    def __enter__(self) -> Self:
        self._hooks = [
            module.register_forward_hook(self._after(name, 1 if convolution else -1))
            for name, module in self.model.named_modules()
            if (convolution := isinstance(module, nn.modules.conv._ConvNd))
            or isinstance(module, nn.Linear)
        ]
        super().__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        for hook in self._hooks:
            hook.remove()

    def _after(self, layer: str, axis: int) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            self._layer, self._axis = layer, axis

        return hook

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func in _RELUS and self._layer:
            axis = self._axis % result.dim()
            others = [other for other in range(result.dim()) if other != axis]
            active = result.amax(others) > 0
            before = self.alive.get(self._layer)
            self.alive[self._layer] = active if before is None else before | active
        return result

    def shares(self) -> dict[str, float]:
        """Share of units per layer that were zero for every input so far."""
        return {layer: 1 - float(alive.double().mean()) for layer, alive in self.alive.items()}


@torch.inference_mode()
def evaluate(model: nn.Module, loss: Loss, inputs: Tensor, targets: Tensor) -> Evaluation:
    """Evaluate in eval mode (BatchNorm with its running statistics); the model's flag is restored.

    Args:
        model: on the data's device.
        loss: (outputs, targets) -> batch mean.
        inputs: (N, ...).
        targets: class numbers (N,) or (N, positions), or float (N, outputs) for regression, which has no accuracy.
    """
    training = model.training
    model.eval()
    total = torch.zeros((), dtype=torch.float64)
    steepest = torch.zeros((), device=inputs.device)
    classes, correct, weight = not targets.is_floating_point(), 0, 0
    # Cross-entropy weighs positions alike, any other loss samples.
    by_position = classes and targets.ndim > 1 and loss is cross_entropy
    step = max(1, BATCH // targets[0].numel()) if classes else BATCH
    with DeadUnits(model) as dead:
        for batch, truth in zip(inputs.split(step), targets.split(step), strict=True):
            outputs = model(batch)
            share = int((truth != PADDING).sum()) if by_position else len(batch)
            total += loss(outputs, truth).double().cpu() * share
            weight += share
            if classes and loss is cross_entropy:
                steepest = torch.maximum(steepest, _logit_gradient(outputs, truth))
            if classes:
                correct += int((outputs.argmax(-1) == truth).sum())
    model.train(training)
    counted = int((targets != PADDING).sum())
    accuracy = correct / counted if classes else None
    largest = float(steepest) if classes and loss is cross_entropy else None
    return Evaluation(float(total) / weight, accuracy, dead.shares(), largest)


def _logit_gradient(outputs: Tensor, targets: Tensor) -> Tensor:
    """Largest absolute gradient of a single loss by a logit; padding has none."""
    counted = targets.flatten() != PADDING
    gradients = outputs.flatten(0, -2).softmax(-1)[counted]
    gradients = gradients - F.one_hot(targets.flatten()[counted], gradients.shape[-1])
    return gradients.abs().max() if len(gradients) else gradients.new_zeros(())
