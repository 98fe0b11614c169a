"""Ensembles of SGD on the models whose laws are known: fresh samples at every step, a stream a replica."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise import stage
from gradnoise.balance import kernels
from gradnoise.balance.population import Law, check_law, check_population
from gradnoise.draws.streams import Stream, seed_sequence
from gradnoise.errors import whole

Floats = NDArray[np.float64]


def sample_diagonal(
    depth: int,
    learning_rate: float,
    batch_size: int,
    steps: int,
    replicas: int,
    seed: int,
    slope: float = 1.0,
    label_noise: float = 1.0,
    inputs: Law = "rademacher",
    noise: Law = "rademacher",
    width: int = 1,
    start: float | None = None,
) -> Floats:
    """Products v of an ensemble of diagonal linear networks after SGD on (v x - y)^2 / 2, y = slope x + noise.

    All start balanced at v = slope, or at `start`. Every step of every replica draws a fresh batch, and every replica has a stream
    of its own: more replicas leave the first ones as they are, and the number of threads changes nothing.

    Args:
        depth: hidden layers D; a chain has D + 1 factors.
        learning_rate: eta.
        batch_size: samples in a batch.
        steps: of SGD.
        replicas: of the network.
        seed: of everything drawn.
        slope: k.
        label_noise: standard deviation s of y given x.
        inputs: "rademacher" (±1) or "gaussian" (standard normal).
        noise: of the labels, ±s with equal odds or normal.
        width: identical chains whose products add up to v.
        start: v at the start, on the slope's side of 0; None: the slope.

    Returns:
        float64 (replicas,); NaN where SGD diverged; 0 where v fell below 1e-308 or so.

    Raises:
        ValueError: for counts that are none, a learning rate or label noise that is not positive, no slope where the
            network has hidden layers (it would start, and stay, at 0), a start on the other side, or laws that are
            not on offer.

    >>> v = sample_diagonal(1, learning_rate=0.002, batch_size=2, steps=5000, replicas=4000, seed=0, label_noise=10.0)
    >>> 0.9 < v.mean() < 1.0  # 1 - T / T_c is 0.95
    np.True_
    """
    depth = whole("depth", depth, least=0)
    counts = {"batch_size": batch_size, "steps": steps, "replicas": replicas, "width": width}
    batch_size, steps, replicas, width = (whole(*each) for each in counts.items())
    check_population(slope, label_noise, inputs, depth)
    check_law("noise", noise)
    _check_rate(learning_rate)
    # With symmetric label noise a negative slope is the mirror image.
    begin = abs(slope) if start is None else float(start * (np.sign(slope) or 1))
    if not (0 < begin < np.inf or (depth == 0 and begin == 0)):
        raise ValueError(
            f"start: found {start}; accepted: on the same side of 0 as slope = {slope:g}"
        )
    u = np.full(replicas, (begin / width) ** (1 / (depth + 1)))
    numbers = depth, width, float(learning_rate), batch_size, steps, abs(slope), float(label_noise)
    normal = inputs == "gaussian", noise == "gaussian"

    def advance(where: slice, states: NDArray[np.uint64]) -> None:
        if any(normal):
            kernels.diagonal(u[where], states, *numbers, *normal)
        else:
            kernels.diagonal_signs(u[where], states, *numbers)

    _over_blocks(advance, replicas, seed, "diagonal")
    with np.errstate(over="ignore", invalid="ignore"):
        v = np.sign(slope or 1) * width * u ** (depth + 1)
    return np.where(np.isfinite(v), v, np.nan)


class Units(NamedTuple):
    """Replicas of one hidden unit after SGD.

    Attributes:
        first: u, float64 (replicas, inputs).
        second: w, float64 (replicas, outputs).
        ratio: time mean of |u|^2 / |w|^2, float64 (replicas,).
    """

    first: Floats
    second: Floats
    ratio: Floats


def sample_units(
    first: ArrayLike,
    second: ArrayLike,
    target: ArrayLike,
    learning_rate: float,
    batch_size: int,
    steps: int,
    replicas: int,
    seed: int,
    label_noise: float = 1.0,
    burn_in: int = 0,
) -> Units:
    """One hidden unit, w u^T x, after SGD on |w u^T x - y|^2 / 2 with y = target x + noise.

    Inputs and label noise are normal and fresh at every step; streams as for `sample_diagonal`.

    Args:
        first: u at the start, (inputs,).
        second: w at the start, (outputs,).
        target: (outputs, inputs).
        learning_rate, batch_size, steps, replicas, seed: as for `sample_diagonal`.
        label_noise: standard deviation of every label.
        burn_in: steps that the time mean of |u|^2 / |w|^2 leaves out.

    Returns:
        Named tuple, NaN where SGD diverged.

    Raises:
        ValueError: for counts or a learning rate that are none, or shapes that do not fit.

    >>> found = sample_units([1.0], [0.5], [[0.5]], 0.003, 1, steps=2000, replicas=50, seed=0)
    >>> found.first.shape
    (50, 1)
    """
    counts = {"batch_size": batch_size, "steps": steps, "replicas": replicas}
    batch_size, steps, replicas = (whole(*each) for each in counts.items())
    _check_rate(learning_rate)
    if not 0 <= burn_in < steps:
        raise ValueError(f"burn_in: found {burn_in}; accepted: 0 to below steps = {steps}")
    u, w, goal = (np.asarray(each, np.float64) for each in (first, second, target))
    if u.ndim != 1 or w.ndim != 1 or goal.shape != (w.size, u.size):
        raise ValueError(
            f"target: found {goal.shape} for first {u.shape} and second {w.shape}; accepted: (outputs, inputs)"
        )
    starts = np.tile(u, (replicas, 1)), np.tile(w, (replicas, 1))
    ratios = np.empty(replicas)

    def advance(where: slice, states: NDArray[np.uint64]) -> None:
        kernels.units(
            *(starts[0][where], starts[1][where], goal, states, float(learning_rate), batch_size),
            *(steps, burn_in, float(label_noise), ratios[where]),
        )

    _over_blocks(advance, replicas, seed, "units")
    finite = np.isfinite(starts[0]).all(axis=1) & np.isfinite(starts[1]).all(axis=1)
    for each in (*starts, ratios):
        each[~finite] = np.nan
    return Units(*starts, ratios)


def _over_blocks(
    advance: Callable[[slice, NDArray[np.uint64]], None], replicas: int, seed: int, name: str
) -> None:
    """Call `advance` with every block of replicas and the states of their streams, on threads."""
    states = (
        seed_sequence(seed, Stream.BALANCE, name)
        .generate_state(replicas, np.uint64)
        .astype(np.uint64)
    )
    blocks = [
        slice(start, min(start + kernels.BLOCK, replicas))
        for start in range(0, replicas, kernels.BLOCK)
    ]
    with ThreadPoolExecutor(stage.available_threads()) as pool:
        list(pool.map(lambda where: advance(where, states[where]), blocks))


def _check_rate(learning_rate: float) -> None:
    if not 0 < learning_rate < np.inf:
        raise ValueError(f"learning_rate: found {learning_rate:g}; it must be positive and finite")


def warm() -> None:
    """Compile every kernel, or load it from the cache."""
    sample_diagonal(1, 0.01, 2, steps=2, replicas=2, seed=0)
    sample_diagonal(1, 0.01, 2, steps=2, replicas=2, seed=0, inputs="gaussian")
    sample_units([1.0], [1.0], [[1.0]], 0.01, 1, steps=2, replicas=2, seed=0)
