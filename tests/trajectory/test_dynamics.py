"""The batches of replicas, and the mean position."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from example_recordings import SAMPLES, SETTINGS, dataset
from gradnoise.draws.batches import Draws
from gradnoise.draws.streams import Stream
from gradnoise.errors import InputError
from gradnoise.model import factory
from gradnoise.trajectory.dynamics import Dynamics
from gradnoise.trajectory.settings import Settings


def dynamics(**changes: object) -> Dynamics:
    settings = Settings(**{**SETTINGS, **changes})
    return Dynamics(factory.build(SETTINGS["model"], (4,), 1, 0), settings, dataset())


def test_batches_follow_the_sampling_scheme() -> None:
    epoch = dynamics(sampling="epoch_shuffle", batch_size=100).draws[1].batches(100, 0, 3)
    assert np.array_equal(np.sort(epoch.ravel()), np.arange(SAMPLES))
    other = Draws(4, 1, "epoch_shuffle", SAMPLES, Stream.DRAWS).batches(100, 0, 3)
    assert not np.array_equal(epoch, other)


def test_every_replica_draws_batches_of_its_own_from_the_trajectorys_stream() -> None:
    made = dynamics(replicas=3)
    drawn = [draws.batches(8, 0, 5).tolist() for draws in made.draws]
    for replica, batches in enumerate(drawn):
        own = Draws(4, replica, "with_replacement", SAMPLES, Stream.TRAJECTORY)
        assert batches == own.batches(8, 0, 5).tolist()
    assert drawn[0] != drawn[1] != drawn[2] != drawn[0]


def test_a_batch_larger_than_the_data_is_an_error() -> None:
    with pytest.raises(InputError, match="at most the 300 training samples"):
        dynamics(batch_size=301)


def test_a_loss_that_is_no_mean_over_samples_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def root_mean_square(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return (outputs - targets).square().mean().sqrt()

    monkeypatch.setattr("gradnoise.trajectory.dynamics.loss", lambda _: root_mean_square)
    with pytest.raises(InputError, match="the mean of their own losses"):
        dynamics()


def test_a_loss_without_a_second_derivative_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def margin(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        classes = (targets[:, 0] > 0).long()
        return F.multi_margin_loss(torch.cat([outputs, -outputs], dim=1), classes)

    monkeypatch.setattr("gradnoise.trajectory.dynamics.loss", lambda _: margin)
    with pytest.raises(InputError, match=r"cannot be differentiated twice.*variants: \[\]"):
        dynamics()


def test_the_mean_is_over_the_steps_since_its_restart() -> None:
    made = dynamics()
    for _ in made.steps(0, 3):
        made.average()
    made.restart_mean()
    visited = []
    for _ in made.steps(3, 8):
        made.average()
        visited.append(made.replicas.position.double().mean(0))
    assert torch.allclose(made.mean, torch.stack(visited).mean(0))


def test_curvature_is_measured_on_the_chosen_samples_only() -> None:
    made = dynamics(curvature_samples=20)
    assert len(made.objective(made.start).inputs) == 20
    assert np.array_equal(made.sample, np.sort(made.sample))


def test_a_restored_state_takes_the_same_steps() -> None:
    one, other = dynamics(), dynamics()
    list(one.steps(0, 4))
    other.restore(one.state())
    list(one.steps(4, 8))
    list(other.steps(4, 8))
    assert torch.equal(one.replicas.position, other.replicas.position)
