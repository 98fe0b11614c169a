"""Fisher information, Hessian and noise covariance against dense matrices."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from example_geometry import classifier, dense_fisher
from gradnoise.curvature.objective import flatten, unflatten
from gradnoise.draws.streams import Stream, generator
from gradnoise.geometry import curvature_relation


def dense(model, inputs, targets) -> list[np.ndarray]:
    """Expected Fisher information, Hessian and noise covariance."""

    def value(vector, first=0, last=None):
        outputs = torch.func.functional_call(model, unflatten(model, vector), (inputs[first:last],))
        return F.cross_entropy(outputs, targets[first:last])

    start = flatten(model)
    hessian = torch.autograd.functional.hessian(value, start)
    gradients = [torch.func.grad(value)(start, i, i + 1).numpy() for i in range(len(inputs))]
    return [dense_fisher(model, inputs), hessian.numpy(), np.cov(np.array(gradients).T, bias=True)]


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return np.sum(one * other) / np.sqrt(np.sum(one**2) * np.sum(other**2))


def test_cosines_and_traces_equal_dense_ones_within_their_errors() -> None:
    model, inputs, targets = classifier()
    information, hessian, noise = dense(model, inputs, targets)
    found = curvature_relation(model, F.cross_entropy, inputs, targets, probes=200, seed=1)
    for estimate, expected in (
        (found.fisher_hessian, cosine(information, hessian)),
        (found.fisher_noise, cosine(information, noise)),
        (found.hessian_noise, cosine(hessian, noise)),
        (found.noise_over_fisher, np.trace(noise) / np.trace(information)),
        (found.hessian_over_fisher, np.trace(hessian) / np.trace(information)),
        (
            found.rest_over_hessian,
            np.linalg.norm(hessian - information) / np.linalg.norm(hessian),
        ),
    ):
        assert 0 < estimate.standard_error < 0.2
        assert abs(estimate.value - expected) < 4 * estimate.standard_error
    assert len({round(float(each.value), 3) for each in found}) == 6


def test_errors_are_the_spread_over_seeds() -> None:
    model, inputs, targets = classifier()
    runs = [
        curvature_relation(model, F.cross_entropy, inputs, targets, probes=12, seed=seed)
        for seed in range(16)
    ]
    spread = np.array(runs)[:, :, 0].std(axis=0)
    said = np.sqrt((np.array(runs)[:, :, 1] ** 2).mean(axis=0))
    assert np.all((said / spread > 0.5) & (said / spread < 2))


def test_in_a_linear_model_the_hessian_is_the_fisher_information_whatever_the_labels() -> None:
    model, inputs, targets = classifier()
    found = curvature_relation(model[2], F.cross_entropy, inputs[:, :4], targets, probes=5)
    assert abs(found.fisher_hessian.value - 1) < 1e-9
    assert abs(found.hessian_over_fisher.value - 1) < 1e-9
    assert found.rest_over_hessian.value < 1e-6
    assert found.fisher_noise.value < 0.95


def test_too_few_probes_are_one_line() -> None:
    model, inputs, targets = classifier()
    with pytest.raises(ValueError, match="probes: found 2"):
        curvature_relation(model, F.cross_entropy, inputs, targets, probes=2)


def test_five_probes_by_dense_products_and_their_jackknife() -> None:
    """Far from an optimum, where the mean gradient is a part of the empirical Fisher information."""
    model, inputs, targets = classifier()
    matrices = dense(model, inputs, targets)
    found = curvature_relation(model, F.cross_entropy, inputs, targets, probes=5, seed=2)

    def ratios(signs: np.ndarray) -> list[float]:
        f, h, c = (signs @ matrix for matrix in matrices)
        traces = [np.sum(signs * each) for each in (f, h, c)]
        pairs = [cosine(f, h), cosine(f, c), cosine(h, c)]
        rest = np.linalg.norm(h - f) / np.linalg.norm(h)
        return [*pairs, traces[2] / traces[0], traces[1] / traces[0], rest]

    size = len(matrices[0])
    drawn = (generator(2, Stream.GEOMETRY, "relation", index) for index in range(5))
    signs = np.array([random.choice([-1.0, 1.0], size) for random in drawn])
    values = [estimate.value for estimate in found]
    assert values == pytest.approx(ratios(signs), rel=1e-6)
    without = np.array([ratios(np.delete(signs, out, axis=0)) for out in range(5)])
    errors = np.sqrt(4 * without.var(axis=0))
    assert [estimate.standard_error for estimate in found] == pytest.approx(errors, rel=1e-5)
