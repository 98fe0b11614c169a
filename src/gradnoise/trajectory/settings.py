"""What the trajectory stage reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradnoise.draws.batches import Sampling


@dataclass(frozen=True)
class Settings:
    """How SGD is followed around a checkpoint, and along what it is recorded.

    Attributes:
        model: `name` and `arguments` of the network.
        loss: name of the loss.
        device: that torch computes on.
        torch_threads: of torch; another number gives other bits.
        seed: of the training whose checkpoint it is, and of all draws.
        epoch: of the checkpoint.
        parameters: names of those that have a subspace of their own, besides the whole model.
        batch_norm_mode: "eval": BatchNorm's statistics are frozen.
        augment: false: the dynamics are those of one fixed loss.
        learning_rate, momentum, nesterov, weight_decay: of SGD, as in `torch.optim.SGD`.
        batch_size: samples a mini-batch.
        sampling: how mini-batches are drawn.
        burn_in: steps that are forgotten.
        steps: recorded ones.
        replicas: independent runs from the checkpoint.
        eigenvectors, random_directions, coordinates: how many of each a subspace holds.
        curvature_samples: training samples that curvature is measured on; None for all.
        snapshots: measurements of curvature and noise along the trajectory.
    """

    model: Mapping[str, Any]
    loss: str
    device: str
    torch_threads: int
    seed: int
    epoch: int
    parameters: Sequence[str]
    batch_norm_mode: str
    augment: bool
    learning_rate: float
    momentum: float
    nesterov: bool
    weight_decay: float
    batch_size: int
    sampling: Sampling
    burn_in: int
    steps: int
    replicas: int
    eigenvectors: int
    random_directions: int
    coordinates: int
    curvature_samples: int | None
    snapshots: int
