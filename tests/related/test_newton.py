import numpy as np
import pytest

from gradnoise.related.newton import conjugate_gradients, implicit_step


class Quadratics:
    """f(u) = u . H u / 2 - b . u, one for each system."""

    def __init__(self, hessians, slopes):
        self.hessians, self.slopes = hessians, slopes

    def values(self, at):
        return (at * (self.products(at, at) / 2 - self.slopes)).sum(axis=1)

    def gradients(self, at):
        return self.products(at, at) - self.slopes

    def products(self, at, vectors):
        return np.einsum("nij,nj->ni", self.hessians, vectors)


class Cosines:
    """f(u) = -3 cos u, which has curvature of both signs."""

    def values(self, at):
        return -3 * np.cos(at).sum(axis=1)

    def gradients(self, at):
        return 3 * np.sin(at)

    def products(self, at, vectors):
        return 3 * np.cos(at) * vectors


def matrices(random, count, size):
    roots = random.standard_normal((count, size, size))
    return roots @ roots.swapaxes(1, 2)


def test_steps_on_quadratics_are_the_closed_form_s_at_every_rate() -> None:
    random = np.random.default_rng(1)
    hessians, slopes = matrices(random, 3, 5), random.standard_normal((3, 5))
    start, rates = random.standard_normal((3, 5)), np.array([0.1, 2.0, 300.0])
    found, left = implicit_step(Quadratics(hessians, slopes), start, rates)
    for k, rate in enumerate(rates):
        expected = np.linalg.solve(np.eye(5) + rate * hessians[k], start[k] + rate * slopes[k])
        assert found[k] == pytest.approx(expected, rel=1e-2, abs=1e-2)
    assert left.max() < 1e-4


def test_conjugate_gradients_stop_tenfold_lower_and_leave_negative_curvature_alone() -> None:
    random = np.random.default_rng(2)
    hessians, wanted = matrices(random, 3, 4), random.standard_normal((3, 4))
    hessians[1] = -np.diag([1.0, 2.0, 3.0, 4.0])
    wanted[2] = 0
    products = Quadratics(hessians, wanted).products
    found = conjugate_gradients(lambda vectors: products(vectors, vectors), wanted)
    assert np.linalg.norm(hessians[0] @ found[0] - wanted[0]) < 0.1 * np.linalg.norm(wanted[0])
    assert found[1] == pytest.approx(wanted[1])
    assert np.array_equal(found[2], np.zeros(4))


def test_where_the_function_is_not_convex_the_step_goes_downhill_to_a_solution() -> None:
    start, rates = np.array([[2.8, -0.4], [3.1, 1.0]]), np.array([4.0, 0.2])
    system = Cosines()
    found, left = implicit_step(system, start, rates)
    assert found + rates[:, None] * system.gradients(found) == pytest.approx(start, abs=1e-2)
    assert left.max() < 1e-3
    moved = rates * system.values(found) + ((found - start) ** 2).sum(axis=1) / 2
    assert (moved < rates * system.values(start)).all()
