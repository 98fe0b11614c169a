"""Compiled ensembles of SGD: every replica has a random stream of its own, so that threads do not matter.

A stream is SplitMix64 (Steele, Lea and Flood 2014) from a state that the caller draws. Loops run over a block of
replicas innermost, where the processor works on several at once.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

BLOCK = 64  # replicas that step together: their arrays stay in the first-level cache
# Factors below are 0, as their product is: numbers below the smallest normal one would slow the processor down.
SMALLEST = 1e-154

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11, _1 = (np.uint64(shift) for shift in (30, 27, 31, 11, 1))

Floats = NDArray[np.float64]
States = NDArray[np.uint64]


@njit(inline="always")
def _mixed(state):  # type: ignore[no-untyped-def]
    """The 64 random bits of a state."""
    bits = (state ^ (state >> _30)) * _FIRST
    bits = (bits ^ (bits >> _27)) * _SECOND
    return bits ^ (bits >> _31)


@njit(inline="always")
def _fill_normal(state, room):  # type: ignore[no-untyped-def]
    """Fill `room`, of even length, with standard normal numbers (Box and Muller 1958); the state after it."""
    for i in range(0, room.size, 2):
        state += _GOLDEN
        # In (0, 1]: the logarithm is finite.
        radius = math.sqrt(-2 * math.log(((_mixed(state) >> _11) + 1) * 2.0**-53))
        state += _GOLDEN
        angle = 2 * math.pi * ((_mixed(state) >> _11) * 2.0**-53)
        room[i], room[i + 1] = radius * math.cos(angle), radius * math.sin(angle)
    return state


@njit(nogil=True, cache=True)
def diagonal_signs(
    u: Floats,
    states: States,
    depth: int,
    width: int,
    rate: float,
    batch: int,
    steps: int,
    slope: float,
    noise: float,
) -> None:
    """Factors of a block of balanced networks after so many steps, inputs and label noise ±1 and ±noise.

    A batch's gradient in v is v - slope - noise x (mean of `batch` random signs).

    Args:
        u: (replicas,) at most BLOCK, in place.
        states: (replicas,) of the streams, in place.
    """
    bits, counts, powers = np.empty(u.size, np.uint64), np.empty(u.size), np.empty(u.size)
    left = 0
    scale = 2 * noise / batch
    for _ in range(steps):
        counts[:] = 0
        for _ in range(batch):
            if left == 0:
                for i in range(u.size):
                    states[i] += _GOLDEN
                    bits[i] = _mixed(states[i])
                left = 64
            left -= 1
            for i in range(u.size):
                counts[i] += np.int32(bits[i] & _1)
                bits[i] >>= _1
        powers[:] = 1
        for _ in range(depth):
            for i in range(u.size):
                powers[i] *= u[i]
        for i in range(u.size):
            gradient = width * powers[i] * u[i] - slope + noise - scale * counts[i]
            moved = u[i] - rate * powers[i] * gradient
            u[i] = moved if abs(moved) > SMALLEST or moved != moved else 0.0


@njit(nogil=True, cache=True)
def diagonal(
    u: Floats,
    states: States,
    depth: int,
    width: int,
    rate: float,
    batch: int,
    steps: int,
    slope: float,
    noise: float,
    normal_inputs: bool,
    normal_noise: bool,
) -> None:
    """The same for inputs or label noise that are standard normal, or both."""
    x, e = np.empty(batch + batch % 2), np.empty(batch + batch % 2)
    for i in range(u.size):
        state = states[i]
        for _ in range(steps):
            state = _fill(state, x, normal_inputs)
            state = _fill(state, e, normal_noise)
            square, product = 0.0, 0.0
            for b in range(batch):
                square += x[b] * x[b]
                product += x[b] * e[b]
            power = u[i] ** depth
            gradient = ((width * power * u[i] - slope) * square - noise * product) / batch
            moved = u[i] - rate * power * gradient
            u[i] = moved if abs(moved) > SMALLEST or moved != moved else 0.0
        states[i] = state


@njit(inline="always")
def _fill(state, room, normal):  # type: ignore[no-untyped-def]
    """Fill `room` with standard normal numbers or with signs."""
    if normal:
        return _fill_normal(state, room)
    for i in range(room.size):
        state += _GOLDEN
        room[i] = 1.0 if _mixed(state) & _1 else -1.0
    return state


@njit(nogil=True, cache=True)
def units(
    first: Floats,
    second: Floats,
    target: Floats,
    states: States,
    rate: float,
    batch: int,
    steps: int,
    burn_in: int,
    noise: float,
    ratios: Floats,
) -> None:
    """Replicas of one hidden unit w u^T x on y = target x + noise e, x and e standard normal, in place.

    Args:
        first, second: (replicas, inputs), (replicas, outputs): u and w.
        target: (outputs, inputs).
        burn_in: steps that the time mean leaves out.
        ratios: (replicas,), filled with the time mean of |u|^2 / |w|^2.
    """
    d, m = first.shape[1], second.shape[1]
    room, back = np.empty((d + m) + (d + m) % 2), np.empty(d)
    derivative = np.empty((m, d))
    for i in range(len(first)):
        u, w, state, total = first[i], second[i], states[i], 0.0
        for step in range(steps):
            derivative[:] = 0
            for _ in range(batch):
                state = _fill_normal(state, room)
                hidden = 0.0
                for p in range(d):
                    hidden += u[p] * room[p]
                for k in range(m):
                    error = w[k] * hidden - noise * room[d + k]
                    for p in range(d):
                        error -= target[k, p] * room[p]
                    for p in range(d):
                        derivative[k, p] += error * room[p]
            # Both gradients from the derivative in w u^T: scalars that are balanced stay so to the last bit.
            for p in range(d):
                back[p] = 0.0
                for k in range(m):
                    back[p] += w[k] * derivative[k, p]
            squares_u, squares_w = 0.0, 0.0
            for k in range(m):
                forward = 0.0
                for p in range(d):
                    forward += derivative[k, p] * u[p]
                w[k] -= rate / batch * forward
                squares_w += w[k] * w[k]
            for p in range(d):
                u[p] -= rate / batch * back[p]
                squares_u += u[p] * u[p]
            if step >= burn_in:
                total += squares_u / squares_w
        ratios[i] = total / (steps - burn_in)
        states[i] = state
