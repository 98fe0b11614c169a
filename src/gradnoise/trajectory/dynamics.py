"""SGD of several replicas on one loss, and what can be measured of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gradnoise.curvature.objective import Curvature, Objective, flatten
from gradnoise.curvature.sharpness import batch_sharpness
from gradnoise.data.dataset import Dataset
from gradnoise.draws.batches import Draws
from gradnoise.draws.streams import Stream, generator
from gradnoise.errors import InputError
from gradnoise.model.loss import loss
from gradnoise.trajectory.replicas import Replicas, Step
from gradnoise.trajectory.settings import Settings
from gradnoise.trajectory.subspaces import Subspace

SHARPNESS_BATCHES = 64  # mini-batches whose sharpness is measured, at all snapshots together


class Dynamics:
    """SGD of several replicas on one loss, and what can be measured of it.

    Args:
        model: at its checkpoint, in the mode it is run in.
        settings: how it is followed.
        dataset: the data set.

    Attributes:
        start: float32 (P,), where all replicas start.
        replicas: their state.
        mean: float64 (P,), mean position of all replicas: over the second half of the burn-in, and then
            over the recorded steps.
        sharpness_batches: mini-batches whose sharpness each snapshot measures.
    """

    def __init__(self, model: nn.Module, settings: Settings, dataset: Dataset) -> None:
        self.settings, self.model = settings, model
        self.loss = loss(settings.loss)
        self.start = flatten(model)
        self.inputs = torch.from_numpy(dataset.train_inputs).to(self.start.device)
        self.targets = torch.from_numpy(dataset.train_targets).to(self.start.device)
        count = len(self.inputs)
        if settings.batch_size > count:
            raise InputError(
                f"trajectory.batch_size: found {settings.batch_size}; at most the {count} "
                "training samples"
            )
        step = Step(
            settings.learning_rate, settings.momentum, settings.nesterov, settings.weight_decay
        )
        self.replicas = Replicas(model, self.loss, step, settings.replicas)
        # A replica's batches are a repeat's, in a stream of their own: those of no noise sample.
        self.draws = [
            Draws(settings.seed, replica, settings.sampling, count, Stream.TRAJECTORY)
            for replica in range(settings.replicas)
        ]
        self.mean = self.start.double()
        self.averaged = 0
        self.sharpness_batches = -(-SHARPNESS_BATCHES // settings.snapshots)
        # In the order of the data set, so that the same samples are summed in the same order.
        chosen = generator(settings.seed, Stream.HESSIAN).permutation(count)
        most = settings.curvature_samples or count
        self.sample = torch.from_numpy(np.sort(chosen[:most])).to(self.start.device)
        self._require_mean_of_samples()
        self._require_curvature()

    def steps(self, first: int, last: int) -> Iterator[Tensor]:
        """Take steps first to last - 1; yields each one's loss, the mean over all mini-batches, ()."""
        size = self.settings.batch_size
        drawn = np.stack([draws.batches(size, first, last) for draws in self.draws], axis=1)
        for batch in torch.from_numpy(drawn.astype(np.int64)).to(self.start.device):
            flat = batch.reshape(-1)
            inputs = self.inputs.index_select(0, flat)
            targets = self.targets.index_select(0, flat)
            yield self.replicas.advance(
                inputs.reshape(*batch.shape, *inputs.shape[1:]),
                targets.reshape(*batch.shape, *targets.shape[1:]),
            )

    def _require_mean_of_samples(self) -> None:
        """Check, on one micro-batch, that curvature and noise are those of the loss that SGD descends."""
        objective = self.objective(self.start)
        first, last = objective.micro_batches()[0]
        with torch.no_grad():
            alone = objective.sample_losses(objective.parameters(), first, last).mean()
            outputs = self.model(objective.inputs[first:last])
            together = self.loss(outputs, objective.targets[first:last])
        if not torch.allclose(alone, together, rtol=1e-3):
            raise InputError(
                f"trajectory: the loss of {last - first} samples is {together:.6g}, the mean of their own losses "
                f"{alone:.6g}; a trajectory needs a loss that is the mean over its samples"
            )

    def _require_curvature(self) -> None:
        """Check, on one sample, that the loss can be differentiated twice: operations of torch need not."""
        one = self.sample[:1]
        objective = Objective(
            self.model, self.loss, self.inputs[one], self.targets[one], self.start
        )
        try:
            objective.hessian_product(list(objective.parameters()), torch.ones_like(self.start))
        except RuntimeError as error:
            if "not implemented" not in str(error):
                raise
            raise InputError(
                f"trajectory: the model or the loss cannot be differentiated twice, as curvature needs ({error}); "
                "write it with other operations, or set trajectory.variants: []"
            ) from error

    def average(self) -> None:
        """Take the replicas' positions into the mean."""
        self.averaged += 1
        self.mean += (self.replicas.position.mean(dim=0) - self.mean) / self.averaged

    def restart_mean(self) -> None:
        """Let the mean be over the steps from here on."""
        self.averaged = 0

    def objective(self, position: Tensor) -> Objective:
        """The loss over the samples that curvature is measured on."""
        samples = self.inputs[self.sample], self.targets[self.sample]
        return Objective(self.model, self.loss, *samples, position)

    def curvature(
        self, position: Tensor, subspaces: Mapping[str, Subspace]
    ) -> dict[str, Curvature]:
        """Gradient, Hessian and noise in every subspace."""
        device = position.device
        return self.objective(position).curvature(
            {
                name: (each.parameters, torch.from_numpy(each.vectors).to(device))
                for name, each in subspaces.items()
            }
        )

    def sharpness(self, position: Tensor, step: int) -> NDArray[np.float64]:
        """Batch sharpness of the mini-batches that the first replica draws from `step` on."""
        size = self.settings.batch_size
        batches = self.draws[0].batches(size, step, step + self.sharpness_batches)
        objective = Objective(self.model, self.loss, self.inputs, self.targets, position)
        return batch_sharpness(objective, batches)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return {"replicas": self.replicas.state(), "mean": self.mean, "averaged": self.averaged}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.replicas.restore(state["replicas"])
        self.mean.copy_(state["mean"])
        self.averaged = state["averaged"]
