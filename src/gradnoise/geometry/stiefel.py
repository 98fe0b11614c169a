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
LONG = 30.0  # Frobenius norm of a step from which a Gram matrix would lose digits
ROUNDING = 1e-6  # what needs no putting right, so that a run goes on with the same bits


def tangent(weights: Tensor, vector: Tensor) -> Tensor:
    """Projection onto the tangent space, V - W sym(W^T V), at W with orthonormal columns, both (..., n, p)."""
    inner = weights.mT @ vector
    return vector - weights @ (inner + inner.mT) / 2


def qr(weights: Tensor, step: Tensor) -> Tensor:
    """Q of W + V for a tangent step V, with the signs that make R's diagonal positive, so that V = 0 gives W.

    (W + V)^T (W + V) is 1 + V^T V, whose eigenvalues lie between 1 and 1 + |V|^2: unless V is long, Cholesky's factor R of it
    loses no more digits than Householder's.
    """
    moved = weights + step
    upper, failed = torch.linalg.cholesky_ex(moved.mT @ moved, upper=True)
    found = torch.linalg.solve_triangular(upper, moved, upper=True, left=False)
    rest = ~_is_short(step) | (failed > 0)
    if rest.any():
        q, r = torch.linalg.qr(moved[rest])
        found[rest] = q * r.diagonal(dim1=-2, dim2=-1).sign()[..., None, :]
    return found


def polar(weights: Tensor, step: Tensor) -> Tensor:
    """The nearest matrix with orthonormal columns to W + V, for a tangent step V: (W + V) (1 + V^T V)^(-1/2)."""
    moved = weights + step
    if not _is_short(step).all():
        left, _, right = torch.linalg.svd(moved, full_matrices=False)
        return left @ right
    values, vectors = torch.linalg.eigh(moved.mT @ moved)
    return moved @ (vectors * values.rsqrt()[..., None, :]) @ vectors.mT


def cayley(weights: Tensor, step: Tensor) -> Tensor:
    """(1 - A/2)^-1 (1 + A/2) W with A = V W^T - W V^T, for a step V, tangent or not; the canonical direction."""
    rows, columns = weights.shape[-2:]
    if rows > 2 * columns:
        # A is U V^T, of rank 2 p: Woodbury's formula solves 2 p equations instead of n.
        left, right = torch.cat([step, weights], -1), torch.cat([weights, -step], -1)
        unit = torch.eye(2 * columns, dtype=step.dtype, device=step.device)
        inner = torch.linalg.solve(unit - right.mT @ left / 2, right.mT @ weights)
        moved = weights + left @ inner
    else:
        skew = step @ weights.mT
        skew = skew - skew.mT
        unit = torch.eye(rows, dtype=step.dtype, device=step.device)
        moved = torch.linalg.solve(unit - skew / 2, (unit + skew / 2) @ weights)
    # What rounding of the weights adds at every step would otherwise stay: one step of Newton's for the polar factor.
    return 1.5 * moved - moved @ (moved.mT @ moved) / 2


def _is_short(step: Tensor) -> Tensor:
    """Whether 1 + |V|^2, by Frobenius's norm, is small enough for a Gram matrix; (...,), False for what is not finite."""
    return step.square().sum(dim=(-2, -1)) <= LONG**2


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
            alike: dict[Any, list[Tensor]] = {}
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                if parameter.ndim == 1:
                    self._euclidean_step(parameter, group)
                else:
                    begun = "momentum_buffer" in self.state[parameter]
                    kind = parameter.shape, parameter.dtype, parameter.device, begun
                    alike.setdefault(kind, []).append(parameter)
            for same in alike.values():
                self._step_on_manifold(same, group)

    def _euclidean_step(self, parameter: Tensor, group: dict[str, Any]) -> None:
        assert parameter.grad is not None
        state, momentum = self.state[parameter], group["momentum"]
        direction = parameter.grad.add(parameter, alpha=group["weight_decay"])
        if momentum:
            state.setdefault("momentum_buffer", torch.zeros_like(parameter))
            direction = state["momentum_buffer"].mul_(momentum).add_(direction)
        parameter.sub_(direction, alpha=group["lr"])

    def _step_on_manifold(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        """Move weights of one shape, all at once."""
        states, momentum = [self.state[each] for each in parameters], group["momentum"]
        gain = torch.tensor([state["gain"] for state in states], dtype=torch.float64)
        gain = gain.to(parameters[0].device)[:, None, None]
        weights = _tall(torch.stack(parameters))
        weights = weights / gain.to(weights)
        direction = _tall(torch.stack([_gradient(each) for each in parameters]))
        if momentum or self.retraction != "cayley":
            direction = tangent(weights, direction)
        if momentum and "momentum_buffer" in states[0]:
            held = _tall(torch.stack([state["momentum_buffer"] for state in states]))
            direction = direction + momentum * held
        step = direction.double() * (-group["lr"] / gain)
        after = RETRACTIONS[self.retraction](weights.double(), step)
        _put(parameters, gain * after)
        if momentum:
            # In the weight's own shape and precision: that is how torch restores an optimizer's state.
            for state, parameter in zip(states, parameters, strict=True):
                state.setdefault("momentum_buffer", torch.zeros_like(parameter))
            held = tangent(after.to(direction), direction)
            _put([state["momentum_buffer"] for state in states], held)


def moved(weights: Tensor, gradients: Tensor, rates: Tensor) -> Tensor:
    """Weights after a step of SGD on the manifold, retracted by QR, in their own precision.

    Args:
        weights: (..., outputs, inputs), each a gain times a matrix with orthonormal rows or columns.
        gradients: of that shape.
        rates: learning rates, which broadcast against it.
    """
    tall = weights.shape[-2] >= weights.shape[-1]
    W, G = (weights, gradients) if tall else (weights.mT, gradients.mT)
    gain = torch.linalg.matrix_norm(W, keepdim=True) / W.shape[-1] ** 0.5
    W = W / gain
    found = gain * qr(W, tangent(W, G) * (-rates / gain))
    return found if tall else found.mT


def _gradient(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def _tall(stacked: Tensor) -> Tensor:
    """Weights of one shape (k, *shape), or what has it, flattened and with no fewer rows than columns: (k, n, p), float32 or more."""
    kind = torch.promote_types(stacked.dtype, torch.float32)
    flat = stacked.detach().to(kind).flatten(2)
    return flat if flat.shape[1] >= flat.shape[2] else flat.mT


def _put(parameters: list[Tensor], tall: Tensor) -> None:
    """Write flattened weights (k, n, p) back into tensors."""
    rows = len(parameters[0])
    flat = tall if rows == tall.shape[1] else tall.mT
    with torch.no_grad():
        for parameter, values in zip(parameters, flat, strict=True):
            parameter.copy_(values.reshape(parameter.shape))


def _start(parameter: Tensor) -> float:
    """The gain of a weight, which is put on the manifold.

    Raises:
        InputError: says how far from orthonormal it is.
    """
    (weights,) = _tall(parameter[None]).double()
    gain = float(weights.norm()) / weights.shape[1] ** 0.5
    unit = torch.eye(weights.shape[1], dtype=weights.dtype, device=weights.device)
    off = float((weights.T @ weights / gain**2 - unit).abs().max())
    if not off < START:
        raise InputError(
            f"stiefel: found a weight of shape {tuple(parameter.shape)} that is {off:.3g} from orthonormal rows or columns; "
            f"below {START:g} is needed (model.initialisation: orthogonal)"
        )
    if off > ROUNDING:
        _put([parameter], gain * polar(weights / gain, torch.zeros_like(weights))[None])
    return gain
