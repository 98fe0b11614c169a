import numpy as np
import pytest

from gradnoise.related.studies.networks.sparse_features import _descend, effective_rank, run, train
from gradnoise.related.study import Settings


def test_effective_rank_counts_features_of_one_size() -> None:
    assert effective_rank(np.array([[3.0, 3.0, 3.0, 0.0], [5.0, 0.0, 0.0, 0.0]])) == pytest.approx(
        [3, 1]
    )


def test_steps_are_those_of_autodifferentiation_by_hand() -> None:
    draws = np.random.default_rng(6)
    inputs, labels = draws.standard_normal((3, 4)), draws.standard_normal(3)
    u, v = draws.standard_normal((2, 4))
    mine, yours = u.copy(), v.copy()
    random, seen = np.random.default_rng(9), []
    for _ in range(3):
        sample = random.integers(0, 3)
        noise = 0.5 if random.random() < 0.5 else -0.5
        residual = inputs[sample] @ (mine**2 - yours**2) - labels[sample] + noise
        mine, yours = (
            mine - 0.002 * residual * 2 * mine * inputs[sample],
            yours + 0.002 * residual * 2 * yours * inputs[sample],
        )
        seen.append(mine**2 - yours**2)
    means, sizes = np.empty((2, 1, 4))
    _descend(np.random.default_rng(9), inputs, labels, 0.5, 3, u, v, means, sizes)
    assert means[0] == pytest.approx(np.mean(seen, axis=0), rel=1e-12)
    assert sizes[0] == pytest.approx(mine**2 + yours**2, rel=1e-12)


def test_without_label_noise_it_interpolates_with_what_it_started_from() -> None:
    settings = Settings(seed=4)
    means, sizes = train(settings, 0, 0.0, 100_000)
    late = means[-1]
    assert effective_rank(sizes[-1]) > 50
    target = np.zeros(60)
    target[:3] = 1.0
    inputs = settings.random("sparse_features", "data", 0).standard_normal((30, 60))
    assert inputs @ late == pytest.approx(inputs @ target, abs=1e-3)
    assert ((late - target) ** 2).sum() > 0.5


def test_label_noise_finds_the_sparse_solution() -> None:
    rows = run(Settings(seed=2, repeats=4)).rows
    for row in rows:
        assert row.least < row.measured < row.most, row
    assert rows[-1].measured == pytest.approx(3, abs=0.1)
    assert 0.5 < rows[3].measured < 2.5
    assert rows[4].measured < 2e-3
