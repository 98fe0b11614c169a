"""Fisher information against dense matrices, curvlinops, closed forms and quadrature."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from curvlinops import EFLinearOperator, GGNLinearOperator
from scipy.stats import qmc
from torch import nn

from example_geometry import classifier, dense_fisher, jacobians
from gradnoise.geometry import empirical_fisher, expected_fisher, fisher_eigenvalues, initialise
from gradnoise.geometry.fisher import Fisher

MODULE = "gradnoise.geometry.fisher"


def test_products_and_rows_equal_the_dense_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    model, inputs, _ = classifier()
    dense = dense_fisher(model, inputs)
    vector = np.random.default_rng(0).standard_normal(len(dense))
    for size in (500, 7):
        monkeypatch.setattr(f"{MODULE}.MICRO_BATCH", size)
        monkeypatch.setattr(f"{MODULE}.CHUNK", size)
        found = expected_fisher(model, inputs)
        assert np.allclose(found.product(vector), dense @ vector, rtol=1e-10, atol=1e-12)
        rows = found.rows().numpy()
        assert np.allclose(rows.T @ rows, dense, rtol=1e-10, atol=1e-12)
        assert np.allclose(found.rows(["2.weight"]), rows[:, 24:36])


def test_a_gaussian_likelihood_has_the_mean_of_squared_jacobians() -> None:
    model, inputs, _ = classifier()
    each = jacobians(model, inputs)
    dense = np.einsum("nop,noq->pq", each, each) / len(inputs)
    expected = np.linalg.eigvalsh(dense)[::-1]
    assert np.allclose(fisher_eigenvalues(model, inputs, 39, "gaussian"), expected, atol=1e-10)


@pytest.mark.parametrize("samples", [3, 30])
def test_eigenvalues_are_the_dense_ones_by_the_kernel_and_by_lanczos(
    samples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, inputs, _ = classifier(samples)
    expected = np.linalg.eigvalsh(dense_fisher(model, inputs))[::-1][:5]
    assert np.allclose(fisher_eigenvalues(model, inputs, 5), expected, rtol=1e-9)
    monkeypatch.setattr(f"{MODULE}.DENSE_SIDE", 8)
    assert not expected_fisher(model, inputs)._dense()
    assert np.allclose(fisher_eigenvalues(model, inputs, 5), expected, rtol=1e-8)
    assert np.array_equal(
        fisher_eigenvalues(model, inputs, 2), fisher_eigenvalues(model, inputs, 2)
    )


def test_eigenvalues_beyond_the_rank_are_zero() -> None:
    model, inputs, _ = classifier(2)
    found = fisher_eigenvalues(model, inputs, 10)
    assert np.all(found[:4] > 1e-4)
    assert np.allclose(found[4:], 0, atol=1e-12)


def test_products_equal_those_of_curvlinops() -> None:
    model, inputs, targets = classifier()
    data, parameters = [(inputs, targets)], dict(model.named_parameters())
    vector = np.random.default_rng(1).standard_normal(39)
    loss = nn.CrossEntropyLoss()
    for operator, own in (
        (GGNLinearOperator, expected_fisher(model, inputs)),
        (EFLinearOperator, empirical_fisher(model, loss, inputs, targets)),
    ):
        theirs = operator(model, loss, list(parameters.values()), data)
        expected = (theirs @ torch.from_numpy(vector)).detach().numpy()
        assert np.allclose(own.product(vector), expected, rtol=1e-9, atol=1e-12)


def test_a_linear_orthogonal_network_has_equal_eigenvalues() -> None:
    # One unit input, six square layers: all twelve nonzero eigenvalues are L (|x|^2 + 1).
    model = nn.Sequential(*(nn.Linear(12, 12) for _ in range(6))).double()
    sample = torch.arange(1.0, 13.0, dtype=torch.float64)[None]
    sample /= sample.norm()
    initialise(model, "orthogonal", 0.5, seed=1, activation="linear")
    found = fisher_eigenvalues(model, sample, 13, "gaussian")
    assert np.allclose(found, [12] * 12 + [0], atol=1e-5)
    condition = expected_fisher(model, sample, "gaussian").condition()
    assert condition.rank == 12
    assert abs(condition.value - 1) < 1e-9
    initialise(model, "gaussian", 0.5, seed=1, activation="linear")
    condition = expected_fisher(model, sample, "gaussian").condition()
    assert 15 < condition.largest < 120
    assert 1.1 < condition.smallest < 2.1


class Logistic(nn.Module):
    """Two classes, of odds exp(theta . x)."""

    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([1, -0.5, 0.2], dtype=torch.float64))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        logits = inputs @ self.theta
        return torch.stack([torch.zeros_like(logits), logits], dim=1)


@pytest.mark.parametrize(
    ("truth", "expected"),
    [((0.3, 0.8, -0.6), (0.3199, 0.3934, 0.3391)), ((1, -0.5, 0.2), (0.1440, 0.1846, 0.1960))],
)
def test_logistic_regression_with_labels_of_its_own_and_of_another(truth, expected) -> None:
    count = 2**15
    normal = qmc.MultivariateNormalQMC(np.zeros(3), rng=np.random.default_rng(0))
    inputs = torch.from_numpy(normal.random(count))
    odds = torch.sigmoid(inputs @ torch.tensor(truth, dtype=torch.float64))
    drawn = torch.rand(count, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    targets = (drawn < odds).long()
    diagonal = (expected_fisher(Logistic(), inputs).rows() ** 2).sum(0)
    assert np.allclose(diagonal, (0.1440, 0.1846, 0.1960), atol=3e-4)
    rows = empirical_fisher(Logistic(), F.cross_entropy, inputs, targets).rows()
    assert np.allclose((rows**2).sum(0), expected, rtol=0.03)
    if truth[0] == 0.3:
        noise = (rows**2).sum(0) - (rows.sum(0) / count**0.5) ** 2
        assert np.allclose(noise, (0.3011, 0.3246, 0.3129), rtol=0.03)


def test_the_trace_is_exact_or_estimated() -> None:
    model, inputs, _ = classifier()
    expected = np.trace(dense_fisher(model, inputs))
    own = expected_fisher(model, inputs)
    assert np.allclose(own.trace(), (expected, 0))
    value, error = own.trace(probes=40)
    assert 0 < error < 0.3 * expected
    assert abs(value - expected) < 4 * error


def test_the_condition_number_counts_what_is_above_its_cutoff() -> None:
    # Outputs w_i x with inputs of 1: eigenvalues x_i^2 / N of the samples' kernel, two of them equal.
    model = nn.Linear(4, 1, bias=False).double()
    inputs = torch.diag(torch.tensor([2.0, 1.0, 1.0, 1e-3], dtype=torch.float64))
    own = expected_fisher(model, inputs, "gaussian")
    everything = own.condition()
    assert everything.rank == 4
    assert abs(everything.value / 4e6 - 1) < 1e-9
    assert everything.cutoff == 4 * np.finfo(np.float64).eps * everything.largest
    above, below = own.condition(2.4e-7), own.condition(2.6e-7)
    assert (above.rank, below.rank) == (4, 3)
    assert abs(below.value - 4) < 1e-9
    assert abs(below.cutoff - 2.6e-7 * 1) < 1e-12
    with pytest.raises(ValueError, match="the Fisher information is 0"):
        expected_fisher(model, 0 * inputs, "gaussian").condition()


def test_a_kernel_that_cannot_be_held_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    model, inputs, _ = classifier()
    monkeypatch.setattr(f"{MODULE}.DENSE_SIDE", 38)
    with pytest.raises(ValueError, match="found 90 rows and 39 parameters"):
        expected_fisher(model, inputs).condition()
    monkeypatch.setattr(f"{MODULE}.DENSE_SIDE", 39)
    assert expected_fisher(model, inputs).condition().rank > 10
    monkeypatch.setattr(f"{MODULE}.DENSE_SIZE", 90 * 39 - 1)
    with pytest.raises(ValueError, match="take fewer samples"):
        expected_fisher(model, inputs).condition()


def test_the_model_is_left_as_it_was_and_float32_agrees() -> None:
    model, inputs, _ = classifier()
    expected = fisher_eigenvalues(model, inputs, 3)
    model.float()
    before = {name: part.clone() for name, part in model.state_dict().items()}
    found = fisher_eigenvalues(model, inputs.numpy(), 3)
    assert np.allclose(found, expected, rtol=1e-5)
    assert all(torch.equal(part, before[name]) for name, part in model.state_dict().items())
    assert all(part.grad is None for part in model.parameters())


def test_wrong_inputs_are_one_line() -> None:
    model, inputs, _ = classifier()
    for likelihood, given, count, message in (
        ("poisson", inputs, 1, "found 'poisson' .* accepted: categorical or gaussian"),
        ("categorical", inputs, 40, "found 40; the model has 39 parameters"),
        ("categorical", inputs, 0, "count: found 0"),
        ("categorical", inputs.long(), 1, "int64; real numbers are needed"),
        ("categorical", inputs[:0], 1, "found 0 samples"),
    ):
        with pytest.raises(ValueError, match=message):
            fisher_eigenvalues(model, given, count, likelihood)
    mixing = nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3)).double()
    with pytest.raises(ValueError, match=r"1 \(BatchNorm1d\) is in train mode"):
        fisher_eigenvalues(mixing, inputs, 1)
    assert fisher_eigenvalues(mixing.eval(), inputs, 1)[0] > 0
    sequences = nn.Linear(5, 3).double()
    with pytest.raises(ValueError, match=r"outputs of shape \(30, 2, 3\)"):
        expected_fisher(sequences, torch.stack([inputs, inputs], 1))
    assert isinstance(expected_fisher(sequences, inputs), Fisher)
