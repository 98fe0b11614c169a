"""Implicit steps of many systems at once: Newton's method, its equations solved by conjugate gradients.

The step from x to the u with u + eta g(u) = x is the minimiser of f(u) + |u - x|^2 / (2 eta) (proximal point). Newton's
direction solves (I + eta H) d = x - u - eta g(u) with Hessian products alone; where the curvature I + eta H along a search direction is not
positive, the iteration stops with what it has (Steihaug 1983), and directions are halved until the function falls.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from gradnoise.related.study import Floats

NEWTON, CONJUGATE = 12, 30  # iterations at most
TOLERANCE = 1e-4  # of the equation's residual, over the step's own length
HALVINGS = 20


class System(Protocol):
    """Functions of positions (systems, parameters), one value or vector for each system."""

    def values(self, at: Floats) -> Floats:
        """(systems,)."""

    def gradients(self, at: Floats) -> Floats:
        """(systems, parameters)."""

    def products(self, at: Floats, vectors: Floats) -> Floats:
        """Hessian times vectors, (systems, parameters)."""


def norms(vectors: Floats) -> Floats:
    """Of every system's vector, (systems,)."""
    return np.asarray(np.linalg.norm(vectors, axis=1))


def conjugate_gradients(product: Callable[[Floats], Floats], wanted: Floats) -> Floats:
    """Solve A d = wanted for every system, until the residual has fallen tenfold or curvature is not positive.

    Args:
        product: A times vectors (systems, parameters).
        wanted: (systems, parameters).

    Returns:
        (systems, parameters), never uphill; `wanted` itself where the first direction has no positive curvature.
    """
    solution, residual, direction = np.zeros_like(wanted), wanted.copy(), wanted.copy()
    squares = (residual**2).sum(axis=1)
    goal = 0.01 * squares
    going = squares > 0
    for count in range(CONJUGATE):
        ahead = product(direction)
        curvature = (direction * ahead).sum(axis=1)
        if count == 0:
            solution = np.where((going & (curvature <= 0))[:, None], wanted, solution)
        going &= curvature > 0
        if not going.any():
            break
        length = np.divide(squares, curvature, out=np.zeros_like(squares), where=going)
        solution = solution + length[:, None] * direction
        residual = residual - length[:, None] * ahead
        before, squares = squares, np.where(going, (residual**2).sum(axis=1), squares)
        going &= squares > goal
        ratio = np.divide(squares, before, out=np.zeros_like(squares), where=going)
        direction = np.where(going[:, None], residual + ratio[:, None] * direction, direction)
    return solution


def implicit_step(system: System, start: Floats, rates: Floats) -> tuple[Floats, Floats]:
    """u with u + eta g(u) = x.

    Args:
        system: what to step on.
        start: x (systems, parameters).
        rates: eta (systems,).

    Returns:
        u, and the equation's residual over the step's length (systems,), which says how far it is solved.
    """
    eta = rates[:, None]

    def objective(at: Floats) -> Floats:
        return np.asarray(rates * system.values(at) + ((at - start) ** 2).sum(axis=1) / 2)

    def equation(at: Floats) -> Floats:
        return start - at - eta * system.gradients(at)

    position, wanted = start, equation(start)
    value = objective(start)
    for _ in range(NEWTON):
        open_still = norms(wanted) > TOLERANCE * (norms(position - start) + 1e-12)
        if not open_still.any():
            break
        here = position
        direction = conjugate_gradients(
            lambda vectors: vectors + eta * system.products(here, vectors),  # noqa: B023
            np.where(open_still[:, None], wanted, 0.0),
        )
        share = np.ones(len(rates))
        for _ in range(HALVINGS):
            tried = objective(position + share[:, None] * direction)
            worse = ~(tried <= value)
            if not worse.any():
                break
            share = np.where(worse, share / 2, share)
        share = np.where(worse, 0.0, share)
        position = position + share[:, None] * direction
        value, wanted = objective(position), equation(position)
        if not (open_still & (share > 0)).any():
            break
    return position, norms(wanted) / (norms(position - start) + 1e-12)
