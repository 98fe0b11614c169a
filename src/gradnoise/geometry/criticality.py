"""Initialisations at which signals neither grow nor shrink with depth (Pennington et al. 2017, arXiv:1711.04735).

In a wide network with weights of variance s_w^2 / fan-in and biases of variance s_b^2, preactivations are Gaussian with
variance q, and one layer maps q to s_w^2 E phi(h)^2 + s_b^2, h ~ N(0, q). It is critical at q when q stays and
gradients keep their length on average: s_w^2 E phi'(h)^2 = 1.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from gradnoise.errors import InputError, whole

Floats = NDArray[np.float64]
Activation = str | Callable[[Any], Any]

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "tanh": torch.tanh,
    "hard_tanh": torch.nn.functional.hardtanh,
    "relu": torch.relu,
    "linear": lambda inputs: 1 * inputs,
}

REACH = 12.0  # standard deviations: beyond, the Gaussian holds 4e-33
PANEL = 0.25  # standard deviations
NODES = 16  # Gauss-Legendre, a panel
KINKS = 64  # whole numbers up to here end a panel, since piecewise activations bend there
ROUNDING = 1e-9  # relative to q: a bias variance this little below 0 is 0
STEP = 1e-5  # of central differences, where an activation is not torch's


class CriticalInitialisation(NamedTuple):
    """Standard deviations of a critical initialisation.

    Attributes:
        weight_std: s_w; weights have the deviation s_w / sqrt(fan-in), or are s_w times an orthogonal matrix.
        bias_std: s_b.
        dispersion: E phi'^4 / (E phi'^2)^2, at least 1: how unequal an orthogonal layer's singular values are.
    """

    weight_std: float
    bias_std: float
    dispersion: float


def critical_initialisation(activation: Activation, q: float) -> CriticalInitialisation:
    """Critical initialisation of an activation, with the preactivations' variance as its fixed point.

    Means over the Gaussian are integrated by Gauss-Legendre panels, which end at whole numbers, where piecewise linear
    activations bend: such ones are exact, smooth ones are to rounding.

    Args:
        activation: "tanh", "hard_tanh", "relu", "linear", or a function, elementwise, of a float64 torch tensor
            (differentiated by autograd) or of a NumPy array (by central differences, to about 1e-9).
        q: variance of the preactivations, above 0.

    Returns:
        Floats s_w = (E phi'^2)^(-1/2), s_b = (q - s_w^2 E phi^2)^(1/2) and the dispersion.

    Raises:
        InputError: for an unknown name, q not above 0, and an activation that has no critical fixed point at q:
            its slope is 0 wherever the Gaussian reaches, or s_b^2 would have to be negative (the message says what).

    >>> found = critical_initialisation("tanh", 0.5)
    >>> [round(value, 6) for value in found]
    [1.299221, 0.195042, 1.299244]
    """
    if not 0 < q < np.inf:
        raise InputError(f"q: found {q!r}; a variance above 0 is needed")
    nodes, weights = gaussian_nodes(q)
    values, slopes = _evaluated(activation, nodes)
    square, slope = weights @ values**2, weights @ slopes**2
    name = activation if isinstance(activation, str) else getattr(activation, "__name__", "it")
    if not np.isfinite(square + slope):
        raise InputError(f"activation {name}: found values that are not finite at q = {q:g}")
    if slope <= 0:
        raise InputError(
            f"activation {name}: its slope is 0 at q = {q:g}; a mean squared slope above 0 is needed"
        )
    bias = q - square / slope
    if bias < -ROUNDING * q:
        raise InputError(
            f"activation {name}: no critical fixed point at q = {q:g}: it would need biases of variance {bias:.6g}, at least "
            f"0 is possible (s_w^2 = {1 / slope:.6g} keeps gradients' length, and then s_w^2 E phi^2 = {square / slope:.6g})"
        )
    dispersion = float(weights @ slopes**4 / slope**2)
    return CriticalInitialisation(float(slope**-0.5), max(0.0, float(bias)) ** 0.5, dispersion)


def isometry_variance(dispersion: float, depth: int, gaussian: bool = False) -> float:
    """Variance of the eigenvalues of J J^T after some wide critical layers; their mean is 1.

    J is the Jacobian from inputs to the last preactivations or outputs, of square layers. Exact in the limit of
    width: depth (dispersion - 1), and for Gaussian weights depth dispersion (arXiv:1711.04735).

    Args:
        dispersion: of the activation, as `critical_initialisation` gives it.
        depth: number of layers, weights and activation.
        gaussian: whether the weights are Gaussian, else Haar-orthogonal.

    Raises:
        InputError: for a dispersion below 1 or a depth that is no whole number.
    """
    if not dispersion >= 1:
        raise InputError(f"dispersion: found {dispersion!r}; at least 1 is needed")
    return whole("depth", depth) * (float(dispersion) - 1 + bool(gaussian))


def gaussian_nodes(q: float) -> tuple[Floats, Floats]:
    """Nodes and weights of the mean over N(0, q), each float64 (n,)."""
    deviation = q**0.5
    last = min(KINKS, int(REACH * deviation))
    kinks = np.arange(-last, last + 1) / deviation
    panels = np.linspace(-REACH, REACH, round(2 * REACH / PANEL) + 1)
    edges = np.union1d(panels, kinks)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(edges)[:, None] / 2
    z = (edges[:-1, None] + half * (1 + nodes)).ravel()
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return deviation * z, (half * weights).ravel() * density


def _evaluated(activation: Activation, nodes: Floats) -> tuple[Floats, Floats]:
    """An activation and its slope at some points."""
    if isinstance(activation, str) and activation not in ACTIVATIONS:
        raise InputError(
            f"activation: found {activation!r}; accepted: {', '.join(ACTIVATIONS)}, or a function"
        )
    function: Any = ACTIVATIONS[activation] if isinstance(activation, str) else activation
    points = torch.tensor(nodes, requires_grad=True)
    try:
        with torch.enable_grad():  # whoever calls may have turned it off
            values = function(points)
            (slopes,) = torch.autograd.grad(values.sum(), points)
        return values.detach().numpy(), slopes.numpy()
    except (
        TypeError,
        RuntimeError,
        AttributeError,
    ):  # a function of arrays, or one without a graph
        pass
    try:
        values = np.asarray(function(nodes), np.float64)
        above, below = function(nodes + STEP), function(nodes - STEP)
    except (TypeError, RuntimeError, AttributeError, ValueError) as error:
        raise InputError(
            f"activation: {error}; a function of a torch tensor or a NumPy array is needed"
        ) from None
    return values, (np.asarray(above) - np.asarray(below)) / (2 * STEP)
