"""No row that is not the sample's gradient leaves the library."""

import copy
import logging
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_models import (
    Doubling,
    InPlace,
    Listed,
    Loss,
    Scaled,
    Sorted,
    TimeFirst,
    Tokens,
    UsedTwice,
    gradients,
    one_by_one,
    vectors,
)
from gradnoise.draws.batches import Draws
from gradnoise.errors import InputError
from gradnoise.gradients import per_sample_gradients
from gradnoise.moments import per_sample_moments
from gradnoise.noise import sample_noise


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def flat(found: dict[str, Any]) -> np.ndarray:
    return np.concatenate([rows.reshape(len(rows), -1) for rows in found.values()], axis=1)


def check(model: nn.Module, loss: Loss, x: torch.Tensor, y: torch.Tensor, chunk: int) -> None:
    """Rows and moments are those of plain autograd, and nothing was changed."""
    before, expected = x.clone(), one_by_one(copy.deepcopy(model), loss, x, y)
    state = copy.deepcopy(model.state_dict())
    rows = flat(per_sample_gradients(model, loss, x, y, chunk_size=chunk))
    scale = np.abs(expected).max()
    assert np.abs(rows - expected).max() < 1e-4 * scale
    found = per_sample_moments(model, loss, x, y, chunk_size=chunk)
    fourth = np.concatenate([np.ravel(each.fourth) for each in found.values()])
    centred = expected - expected.mean(axis=0)
    assert np.abs(fourth - (centred**4).mean(axis=0)).max() < 1e-3 * (centred**4).mean(axis=0).max()
    assert torch.equal(x, before)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, state[name]), name


def sorted_late() -> tuple[torch.Tensor, torch.Tensor]:
    """The first chunk need not be sorted; later ones must."""
    x, y = vectors(80)
    x[:32, 0] = 8.0
    return x, y


def as_long_as_the_last_chunk() -> tuple[torch.Tensor, torch.Tensor]:
    """Sequences of 8, in chunks of 32, 32 and 8 samples."""
    return torch.randn(72, 8, 6), torch.randint(0, 3, (72,))


MISLEADING = {
    "sorted batch": (Sorted, sorted_late),
    "time first": (TimeFirst, as_long_as_the_last_chunk),
    "weight used past its module": (UsedTwice, vectors),
    "subclass with another forward": (
        lambda: nn.Sequential(Doubling(6, 8), nn.Tanh(), nn.Linear(8, 3)),
        vectors,
    ),
    "parameters in a list": (Listed, vectors),
    "no dimension, and unused": (Scaled, vectors),
    "input changed in place": (InPlace, vectors),
}


@pytest.mark.parametrize("name", MISLEADING)
def test_a_misleading_model_is_right_all_the_same(name: str) -> None:
    make, data = MISLEADING[name]
    check(make(), F.cross_entropy, *data(), chunk=32)


def test_a_sparse_embedding_is_dense_in_the_rows() -> None:
    tokens, targets = torch.randint(0, 20, (24, 5)), torch.randint(0, 20, (24, 5))
    check(
        Tokens(sparse=True),
        lambda outputs, targets: F.cross_entropy(outputs.transpose(1, 2), targets),
        tokens,
        targets,
        chunk=9,
    )


def test_a_penalty_in_the_loss_belongs_to_every_sample() -> None:
    model = nn.Linear(6, 3)

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(outputs, targets) + 0.1 * model.weight.square().sum()

    x, y = vectors()
    rows = per_sample_gradients(model, loss, x, y)["weight"]
    np.testing.assert_allclose(rows, one_by_one(model, loss, x, y)[:, :18], atol=1e-5)


@pytest.mark.parametrize("wrong", ["permuted", "halved", "one of them"])
def test_wrong_captured_rows_go_the_slow_way_with_the_reason(
    wrong: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from gradnoise.gradients.verification import ways as proven

    real = proven.captured_gradients

    def broken(*arguments: Any) -> Any:
        rows = real(*arguments)
        for name, (chosen, projected) in rows.items():
            if name == "0.weight" and wrong == "permuted":
                chosen = chosen.roll(1, dims=0)
            elif name == "0.weight" and wrong == "halved":
                chosen = chosen / 2
            elif name == "0.weight":
                chosen = chosen.index_copy(0, torch.tensor([5]), chosen[6:7])
            rows[name] = chosen, projected
        return rows

    monkeypatch.setattr(proven, "captured_gradients", broken)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
    with caplog.at_level(logging.INFO):
        check(model, F.cross_entropy, *vectors(64), chunk=64)
    assert "slower way for 0.weight" in caplog.text
    assert "2.weight" not in caplog.text


def test_a_model_of_usual_layers_is_captured(caplog: pytest.LogCaptureFixture) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
    with caplog.at_level(logging.INFO):
        per_sample_gradients(
            model, F.cross_entropy, torch.randn(40, 3, 8, 8), torch.randint(0, 3, (40,))
        )
    assert "slower way" not in caplog.text


def weighted(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(outputs, targets, weight=torch.tensor([1.0, 5.0, 0.2]))


def contrastive(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(outputs @ outputs.t(), torch.arange(len(outputs)))


NO_MEANS: dict[str, Loss] = {
    "class weights": weighted,
    "a sum": lambda outputs, targets: F.cross_entropy(outputs, targets, reduction="sum"),
    "padding": lambda outputs, targets: F.cross_entropy(outputs, targets, ignore_index=0),
    "root of a mean": lambda outputs, targets: (
        F.mse_loss(outputs, outputs.detach() + 1).sqrt() + F.cross_entropy(outputs, targets).sqrt()
    ),
    "negatives from the batch": contrastive,
    "broadcast": lambda outputs, targets: F.mse_loss(outputs[:, :1], targets.float()),
}


@pytest.mark.parametrize("name", NO_MEANS)
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_a_loss_that_is_no_mean_over_samples_is_refused_with_the_reason(name: str) -> None:
    for function in (per_sample_gradients, per_sample_moments):
        with pytest.raises(InputError, match=r"no mean over samples|per-sample gradients do not"):
            function(nn.Linear(6, 3), NO_MEANS[name], *vectors())


def test_a_loss_that_is_no_mean_in_a_late_chunk_only_is_refused() -> None:
    x, y = vectors(80)
    y[:40] = 0  # one class: its weight cancels

    with pytest.raises(InputError, match="no mean over samples"):
        per_sample_gradients(nn.Linear(6, 3), weighted, x, y, chunk_size=20)


class Noisy(nn.Linear):
    """Draws at random for one sample in ten."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) * (1 + (torch.rand(len(x), 1) < 0.1))


def test_rare_random_draws_are_always_noticed() -> None:
    for seed in range(20):
        torch.manual_seed(seed)
        with pytest.raises(InputError, match="draws at random"):
            per_sample_gradients(Noisy(6, 3), F.cross_entropy, *vectors(60))


def test_a_gradient_that_is_zero_in_theory_is_no_dependence() -> None:
    model = nn.Sequential(nn.Conv1d(6, 8, 3), nn.InstanceNorm1d(8), nn.Flatten(), nn.Linear(40, 3))
    x, y = torch.randn(40, 6, 7) * 30, torch.randint(0, 3, (40,))
    check(model, F.cross_entropy, x, y, chunk=16)


@pytest.mark.parametrize("context", [torch.inference_mode, torch.no_grad])
def test_whatever_it_is_called_under_gradients_are_those_of_the_model(context: Any) -> None:
    model, (x, y) = nn.Linear(6, 3), vectors()
    expected = one_by_one(model, F.cross_entropy, x, y)
    with context():
        rows = per_sample_gradients(model, F.cross_entropy, x.clone(), y.clone())
    np.testing.assert_allclose(flat(rows), expected, atol=1e-6)


def test_autocast_does_not_change_the_models_precision() -> None:
    model, (x, y) = nn.Linear(6, 3), vectors()
    expected = one_by_one(model, F.cross_entropy, x, y)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rows = per_sample_gradients(model, F.cross_entropy, x, y)
    np.testing.assert_allclose(flat(rows), expected, atol=1e-6)


def test_unproven_rows_are_those_that_were_captured() -> None:
    model, (x, y) = nn.Linear(6, 3), vectors()
    proven = per_sample_gradients(model, F.cross_entropy, x, y)
    unproven = per_sample_gradients(model, F.cross_entropy, x, y, verify=False)
    for name, rows in proven.items():
        np.testing.assert_array_equal(rows, unproven[name])
    # Nothing is looked at: a batch that is sorted inside the model gives wrong rows.
    model, (x, y) = Sorted(), vectors()
    rows = flat(per_sample_gradients(model, F.cross_entropy, x, y, verify=False))
    assert np.abs(rows - one_by_one(model, F.cross_entropy, x, y)).max() > 0.1


def test_what_only_late_samples_show_ends_in_whole_batches(
    caplog: pytest.LogCaptureFixture,
) -> None:
    x, y = vectors(400)
    shown = torch.linspace(0, 399, 128).long()
    hidden = torch.tensor([i for i in range(400) if i not in set(shown.tolist())])
    y[shown] = 0  # of one class their weights cancel
    y[hidden[:50]] = 1
    model = nn.Linear(6, 3)
    noise = sample_noise(model, weighted, x, y, [16], 30, 1, strategy="auto")["weight"][16]
    assert "whole batches are needed after all" in caplog.text
    drawn = np.stack(list(Draws(1, 0, "with_replacement", 400).batches(16, 0, 30)))
    rows = np.stack([gradients(model, weighted, x[i], y[i])[:18] for i in drawn])
    np.testing.assert_allclose(noise, rows - rows.mean(axis=0), atol=1e-6)
    with pytest.raises(InputError, match="no mean over samples"):
        sample_noise(model, weighted, x, y, [16], 30, 1, strategy="per_sample")


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_a_scripted_model_is_measured_and_left_as_it_was() -> None:
    inside = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3)).eval()
    x, y = vectors()
    scripted = torch.jit.script(inside)
    rows = one_by_one(inside, F.cross_entropy, x, y)
    found = per_sample_gradients(scripted, F.cross_entropy, x, y)
    np.testing.assert_allclose(flat(found), rows, atol=1e-5)
    moments = per_sample_moments(scripted, F.cross_entropy, x, y)
    variance = np.concatenate([one.variance.ravel() for one in moments.values()])
    np.testing.assert_allclose(variance, rows.var(axis=0), rtol=1e-3, atol=1e-9)
    noise = sample_noise(scripted, F.cross_entropy, x, y, [4], 5, 1)
    plain = sample_noise(inside, F.cross_entropy, x, y, [4], 5, 1)
    for name, values in plain.items():
        np.testing.assert_allclose(noise[name][4], values[4], atol=1e-5)


UNMEASURABLE = {
    "found no parameter that requires a gradient": nn.Tanh,
    "parameter 0.weight is not initialised: run one batch": lambda: nn.Sequential(nn.LazyLinear(3)),
    "parameter weight is complex": lambda: nn.Linear(6, 3, dtype=torch.cfloat),
}


@pytest.mark.parametrize("message", UNMEASURABLE)
def test_a_model_that_cannot_be_measured_is_refused_by_name(message: str) -> None:
    model, (x, y) = UNMEASURABLE[message](), vectors()
    for measure in (
        lambda: per_sample_gradients(model, F.cross_entropy, x, y),
        lambda: per_sample_moments(model, F.cross_entropy, x, y),
        lambda: sample_noise(model, F.cross_entropy, x, y, [4], 5, 1),
    ):
        with pytest.raises(InputError, match=message):
            measure()
