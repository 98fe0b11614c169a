import numpy as np
import pytest

from gradnoise.related.studies.networks.noise_equilibrium import norms, run, sharpness, trace, train
from gradnoise.related.study import Settings


def test_trace_and_sharpness_are_those_of_the_hessian() -> None:
    random = np.random.default_rng(2)
    u, w = random.standard_normal(6), random.standard_normal(2)
    # At the optimum the Hessian is E J^T J, with f_j = w_j (u x), exact for x ~ N(0, I).
    hessian = np.zeros((8, 8))
    hessian[:6, :6] = (w @ w) * np.eye(6)
    hessian[6:, 6:] = (u @ u) * np.eye(2)
    hessian[:6, 6:] = np.outer(u, w)
    hessian[6:, :6] = hessian[:6, 6:].T
    assert trace(u @ u, w @ w) == pytest.approx(np.trace(hessian))
    assert sharpness(u @ u, w @ w) == pytest.approx(np.linalg.eigvalsh(hessian)[-1])


def test_training_starts_from_the_optimum_with_the_ratio_that_is_asked_for() -> None:
    found = train(Settings(seed=1, repeats=3), 16.0, 1)
    inner, outer = (found.first**2).sum(axis=1), (found.second**2).sum(axis=1)
    assert inner / outer == pytest.approx(np.full(3, 16), rel=0.25)
    assert inner * outer == pytest.approx(np.ones(3), rel=0.25)


def test_the_ratio_is_inputs_over_outputs_from_either_side() -> None:
    rows = run(Settings(seed=2)).rows
    assert [row.predicted for row in rows[:3]] == pytest.approx([3, -1.0718, 0.3094], abs=1e-4)
    for row in rows:
        assert row.least < row.measured < row.most, row
        assert row.measured == pytest.approx(row.predicted, abs=0.06)


def test_norms_have_the_ratio_and_the_product_of_the_target() -> None:
    inner, outer = norms(np.array([4.0, 0.25]))
    assert inner == pytest.approx([2.0, 0.5])
    assert inner * outer == pytest.approx([1.0, 1.0])
