import numpy as np
import pytest

from gradnoise.related.studies.networks.leaky_relu_rank import run, stable_rank, train
from gradnoise.related.study import Settings


def test_stable_rank_of_known_matrices() -> None:
    assert stable_rank(np.outer([1.0, 2.0], [3.0, 4.0, 5.0])) == pytest.approx(1)
    random = np.random.default_rng(0).standard_normal((5, 8))
    values = np.linalg.svd(random, compute_uv=False)
    assert stable_rank(random) == pytest.approx((values**2).sum() / values[0] ** 2)


def test_one_step_from_a_small_start_is_enough() -> None:
    settings = Settings(seed=1)
    found = np.array([train(settings, repeat, 1e-5, 4) for repeat in range(3)])
    assert found[:, 0] == pytest.approx(np.full(3, 44), abs=1.5)
    assert np.all((found[:, 1] > 1.55) & (found[:, 1] < 1.75))
    assert found[:, 1:].max() <= 2


def test_from_a_start_of_order_one_it_stays() -> None:
    found = train(Settings(seed=1), 0, 1.0, 4)
    assert found[1:] == pytest.approx(np.full(4, found[0]), rel=0.01)


def test_every_row_lies_in_its_range() -> None:
    for row in run(Settings(seed=2, repeats=3)).rows:
        assert row.least < row.measured < row.most, row
