"""The law of noise balance: what SGD does to the norms of two layers that can be rescaled against each other.

Where every sample's loss stays the same under u -> a u, w -> w / a, gradient flow keeps |u|^2 - |w|^2 and SGD does
not. The identities of a step are exact, for any mini-batch; the rate is that of the stochastic differential equation.
Layers are matrices, `first` (units, inputs) and `second` (outputs, units): U U^T - W^T W of a linear network obeys the
law in every entry, of a ReLU network on its diagonal, unit by unit; a scalar is a matrix of one entry.

Source: Ziyin, Li and Ueda, arXiv:2308.06671.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Momenta(NamedTuple):
    """What heavy ball carries from step to step.

    Attributes:
        imbalance: D = U U^T - W^T W, float64 (units, units).
        mixed: M, the symmetric part of U V_U^T - W^T V_W with the velocities V, likewise.
    """

    imbalance: Floats
    mixed: Floats


def imbalance(first: ArrayLike, second: ArrayLike) -> Floats:
    """U U^T - W^T W; its diagonal has |u|^2 - |w|^2 of every unit.

    Args:
        first: U, (units, inputs), or a scalar.
        second: W, (outputs, units), or a scalar.

    Returns:
        float64 (units, units).

    Raises:
        ValueError: where the two layers do not have the same units.

    >>> imbalance([[3.0, 1.0]], [[2.0]])
    array([[6.]])
    """
    first, second = _layers(first, second)
    return np.asarray(first @ first.T - second.T @ second)


def step_of_imbalance(
    now: ArrayLike, gradients: ArrayLike, learning_rate: float, weight_decay: float = 0.0
) -> Floats:
    """Imbalance after a step of SGD: (1 - eta lambda)^2 D + eta^2 (g_U g_U^T - g_W^T g_W), exactly.

    Args:
        now: D before the step.
        gradients: `imbalance` of the mini-batch gradients of the two layers, without weight decay.
        learning_rate: eta.
        weight_decay: lambda, the gradient of lambda |theta|^2 / 2.

    >>> float(step_of_imbalance(6.0, -2.0, learning_rate=0.5))
    5.5
    """
    shrink = 1 - learning_rate * weight_decay
    return np.asarray(shrink**2 * np.asarray(now) + learning_rate**2 * np.asarray(gradients))


def momenta(
    first: ArrayLike, second: ArrayLike, first_velocity: ArrayLike, second_velocity: ArrayLike
) -> Momenta:
    """What heavy ball carries, of weights and velocities as for `imbalance`.

    >>> found = momenta([[3.0, 1.0]], [[2.0]], [[0.5, 0.0]], [[1.0]])
    >>> found.mixed
    array([[-0.5]])
    """
    weights = _layers(first, second)
    velocities = _layers(first_velocity, second_velocity)
    mixed = weights[0] @ velocities[0].T - weights[1].T @ velocities[1]
    return Momenta(imbalance(*weights), (mixed + mixed.T) / 2)


def step_of_momenta(
    now: Momenta,
    velocities: ArrayLike,
    learning_rate: float,
    momentum: float,
    weight_decay: float = 0.0,
) -> Momenta:
    """The same after a step v' = mu v - eta (g + lambda theta), theta' = theta + v', exactly.

    M' = mu M - eta lambda D + K and D' = D + 2 (mu M - eta lambda D) + K, with K the imbalance of the new velocities.

    Args:
        now: before the step.
        velocities: K, `imbalance` of the velocities after the step.
        learning_rate, momentum, weight_decay: eta, mu, lambda.

    >>> now = Momenta(np.array([[6.0]]), np.array([[-0.5]]))
    >>> float(step_of_momenta(now, [[0.25]], 0.1, momentum=0.5).imbalance[0, 0])
    5.75
    """
    kinetic = np.asarray(velocities, np.float64)
    pull = momentum * now.mixed - learning_rate * weight_decay * now.imbalance
    return Momenta(now.imbalance + 2 * pull + kinetic, pull + kinetic)


class Curvatures(NamedTuple):
    """Covariances of a rescalable pair's per-sample derivatives A = d loss / d (w u^T).

    Attributes:
        inputs: C1 = E A^T A - E A^T E A, float64 (inputs, inputs).
        outputs: C2 = E A A^T - E A E A^T, float64 (outputs, outputs).
    """

    inputs: Floats
    outputs: Floats


def curvatures(derivatives: ArrayLike) -> Curvatures:
    """C1 and C2 of per-sample derivatives (samples, outputs, inputs), divided by the samples.

    >>> curvatures([[[1.0]], [[3.0]]]).inputs
    array([[1.]])
    """
    centred = np.asarray(derivatives, np.float64)
    centred = centred - centred.mean(axis=0)
    count = len(centred)
    return Curvatures(
        np.einsum("nkp,nkq->pq", centred, centred) / count,
        np.einsum("nkp,nlp->kl", centred, centred) / count,
    )


def balance_rate(
    first: ArrayLike,
    second: ArrayLike,
    noise: Curvatures,
    temperature: float,
    weight_decay: float = 0.0,
) -> float:
    """d(|u|^2 - |w|^2) / dt of one unit in SGD's stochastic differential equation, t = eta x steps.

    -2 lambda (|u|^2 - |w|^2) - T (u^T C1 u - w^T C2 w). The equation drops the mean gradient's part of a step's
    identity, eta (|G_u|^2 - |G_w|^2), which is small near stationarity only.

    Args:
        first: u, (inputs,).
        second: w, (outputs,).
        noise: of the per-sample derivatives in w u^T.
        temperature: T, learning rate over batch size.
        weight_decay: lambda.

    >>> noise = Curvatures(np.array([[4.0]]), np.array([[4.0]]))
    >>> balance_rate([3.0], [1.0], noise, temperature=0.5)
    -16.0
    """
    u, w = np.ravel(first), np.ravel(second)
    decay = 2 * weight_decay * (u @ u - w @ w)
    return float(-decay - temperature * (u @ noise.inputs @ u - w @ noise.outputs @ w))


def balanced_ratio(first: ArrayLike, second: ArrayLike, noise: Curvatures) -> float:
    """|u|^2 / |w|^2 at which the noise of two layers is balanced, along given directions of u and w.

    Of d standard normal inputs and m outputs with isotropic label noise C1 = m s^2 and C2 = d s^2, so it is d / m.

    Args:
        first: direction of u, (inputs,), of any length but 0.
        second: direction of w, (outputs,), likewise.
        noise: as for `balance_rate`.

    >>> balanced_ratio(np.ones(6), [1.0, -1.0], Curvatures(2 * np.eye(6), 6 * np.eye(2)))
    3.0
    """
    u, w = np.ravel(first), np.ravel(second)
    along = w @ noise.outputs @ w / (w @ w), u @ noise.inputs @ u / (u @ u)
    return float(along[0] / along[1])


def _layers(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    one, other = (np.atleast_2d(np.asarray(each, np.float64)) for each in (first, second))
    if one.ndim != 2 or other.ndim != 2 or len(one) != other.shape[1]:
        raise ValueError(
            f"layers: found {np.shape(first)} and {np.shape(second)}; accepted: (units, inputs) and (outputs, units)"
        )
    return one, other
