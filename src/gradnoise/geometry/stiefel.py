"""SGD on the Stiefel manifold: weights keep orthonormal rows or columns, times a gain that stays.

With W^T W = 1 and the Euclidean gradient G, the gradient on the manifold with its embedded metric is
R = G - W sym(W^T G). A step along -R leaves the manifold in second order and is brought back by a retraction: the Q of the
QR decomposition, the polar factor, or Cayley's transform (Wen and Yin 2013), which moves along the curve of
A = G W^T - W G^T and takes the canonical metric's direction G - W G^T W, that is 2 R for square W: at equal rate it goes
twice as far there.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from gradnoise.errors import InputError

START = 1e-3  # largest element of W^T W / gain^2 - 1 that a start may have; it is put right
ROUNDING = 1e-6  # what needs no putting right, so that a run goes on with the same bits


def tangent(weights: Tensor, vector: Tensor) -> Tensor:
    """Projection onto the tangent space, V - W sym(W^T V), at W with orthonormal columns, both (n, p)."""
    inner = weights.T @ vector
    return vector - weights @ (inner + inner.T) / 2


def qr(weights: Tensor, step: Tensor) -> Tensor:
    """Q of W + V, columns with the signs that make R's diagonal positive, so that V = 0 gives W."""
    q, r = torch.linalg.qr(weights + step)
    return q * r.diagonal().sign()


def polar(weights: Tensor, step: Tensor) -> Tensor:
    """The nearest matrix with orthonormal columns to W + V."""
    left, _, right = torch.linalg.svd(weights + step, full_matrices=False)
    return left @ right


def cayley(weights: Tensor, step: Tensor) -> Tensor:
    """(1 - A/2)^-1 (1 + A/2) W with A = V W^T - W V^T, for a step V, tangent or not; the canonical direction."""
    rows, columns = weights.shape
    if rows > 2 * columns:
        # A is U V^T, of rank 2 p: Woodbury's formula solves 2 p equations instead of n.
        left, right = torch.cat([step, weights], 1), torch.cat([weights, -step], 1)
        unit = torch.eye(2 * columns, dtype=step.dtype, device=step.device)
        inner = torch.linalg.solve(unit - right.T @ left / 2, right.T @ weights)
        moved = weights + left @ inner
    else:
        skew = step @ weights.T
        skew = skew - skew.T
        unit = torch.eye(rows, dtype=step.dtype, device=step.device)
        moved = torch.linalg.solve(unit - skew / 2, (unit + skew / 2) @ weights)
    # What rounding of the weights adds at every step would otherwise stay: one step of Newton's for the polar factor.
    return 1.5 * moved - moved @ (moved.T @ moved) / 2


RETRACTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "qr": qr,
    "polar": polar,
    "cayley": cayley,
}


class StiefelSGD(torch.optim.Optimizer):
    """Riemannian SGD with momentum, each weight on the Stiefel manifold of its own gain.

    A weight of two or more dimensions, (outputs, inputs, *kernel), is flattened to (outputs, inputs * kernel) and is gain
    times a matrix with orthonormal rows or columns, whichever are fewer; the gain is measured at the start and kept. A
    step moves the weight itself, so at small rates it is the Euclidean step's tangential part (Cayley: twice that where W is
    square). Other parameters, biases, take the Euclidean step of torch's SGD. Momentum is carried along by projection
    onto the new tangent space. Weight decay is left to the biases: on the manifold the norm cannot change. Retractions are
    computed in float64, so that |W^T W / gain^2 - 1| stays at rounding of the weights.

    Args:
        parameters: tensors.
        lr: learning rate.
        momentum: of the buffer.
        weight_decay: of parameters with one dimension.
        retraction: "qr", "polar" or "cayley".

    Raises:
        InputError: for another retraction, or a start that is not such a weight.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        retraction: str = "qr",
    ) -> None:
        if retraction not in RETRACTIONS:
            raise InputError(
                f"retraction: found {retraction!r}; accepted: {', '.join(RETRACTIONS)}"
            )
        self.retraction = retraction
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(parameters, defaults)
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.ndim > 1:
                    self.state[parameter]["gain"] = _start(parameter)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step along the gradients that stand in the parameters."""
        assert closure is None
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                if parameter.ndim > 1:
                    self._step_on_manifold(parameter, group)
                else:
                    self._euclidean_step(parameter, group)

    def _euclidean_step(self, parameter: Tensor, group: dict[str, Any]) -> None:
        assert parameter.grad is not None
        state, momentum = self.state[parameter], group["momentum"]
        direction = parameter.grad.add(parameter, alpha=group["weight_decay"])
        if momentum:
            state.setdefault("momentum_buffer", torch.zeros_like(parameter))
            direction = state["momentum_buffer"].mul_(momentum).add_(direction)
        parameter.sub_(direction, alpha=group["lr"])

    def _step_on_manifold(self, parameter: Tensor, group: dict[str, Any]) -> None:
        state, momentum = self.state[parameter], group["momentum"]
        gain = state["gain"]
        weights = _tall(parameter) / gain
        direction = _tall(parameter, parameter.grad)
        if momentum or self.retraction != "cayley":
            direction = tangent(weights, direction)
        if momentum and "momentum_buffer" in state:
            direction = direction + momentum * _tall(parameter, state["momentum_buffer"])
        moved = RETRACTIONS[self.retraction](weights, direction * (-group["lr"] / gain))
        _put(parameter, gain * moved)
        if momentum:
            # In the weight's own shape and precision: that is how torch restores an optimizer's state.
            state.setdefault("momentum_buffer", torch.zeros_like(parameter))
            _put(state["momentum_buffer"], tangent(moved, direction))


def _is_tall(parameter: Tensor) -> bool:
    return len(parameter) >= parameter[0].numel()


def _tall(parameter: Tensor, values: Tensor | None = None) -> Tensor:
    """A weight, or what has its shape, flattened and with no fewer rows than columns, float64."""
    flat = (parameter if values is None else values).detach().double().flatten(1)
    return flat if _is_tall(parameter) else flat.T


def _put(parameter: Tensor, tall: Tensor) -> None:
    with torch.no_grad():
        parameter.copy_((tall if _is_tall(parameter) else tall.T).reshape(parameter.shape))


def _start(parameter: Tensor) -> float:
    """The gain of a weight, which is put on the manifold.

    Raises:
        InputError: says how far from orthonormal it is.
    """
    weights = _tall(parameter)
    gain = float(weights.norm()) / weights.shape[1] ** 0.5
    unit = torch.eye(weights.shape[1], dtype=weights.dtype, device=weights.device)
    off = float((weights.T @ weights / gain**2 - unit).abs().max())
    if not off < START:
        raise InputError(
            f"stiefel: found a weight of shape {tuple(parameter.shape)} that is {off:.3g} from orthonormal rows or columns; "
            f"below {START:g} is needed (model.initialisation: orthogonal)"
        )
    if off > ROUNDING:
        _put(parameter, gain * polar(weights / gain, torch.zeros_like(weights)))
    return gain
