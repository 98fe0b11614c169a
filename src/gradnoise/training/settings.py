"""What the training stage reads: a network, how it is trained, and a seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from gradnoise import stage
from gradnoise.data.dataset import Dataset
from gradnoise.data.samples import PADDING
from gradnoise.errors import InputError


@dataclass(frozen=True)
class Hyperparameters:
    """How a network is trained: the training section of the config without its seeds.

    Attributes:
        optimizer: a module of `gradnoise.training.optimizers`.
        learning_rate: of the first epoch.
        momentum: of SGD and signSGD; the first moment's decay rate of AdamW.
        nesterov: whether SGD's momentum is Nesterov's.
        manifold: "euclidean", or "stiefel": SGD by which weights keep orthonormal rows or columns.
        weight_decay: added to the gradient in SGD, decoupled in AdamW and signSGD.
        milestones: epochs after which the learning rate is multiplied by `milestone_factor`.
        milestone_factor: see milestones.
        epochs: passes over the training set, each in a new order; a smaller last batch is used too.
        batch_size: samples per step.
        loss: a module of `gradnoise.model.losses`, or a user's own `package.module:function`.
        augment: random crop and flip of every image at every use.
        checkpoints: epochs whose weights are kept, besides epoch 0; or "all".
        device: "auto", "cpu", "cuda" or "mps".
        torch_threads: threads of torch on the CPU.
    """

    optimizer: str
    learning_rate: float
    momentum: float
    nesterov: bool
    manifold: str
    weight_decay: float
    milestones: Sequence[int]
    milestone_factor: float
    epochs: int
    batch_size: int
    loss: str
    augment: bool
    checkpoints: Sequence[int] | Literal["all"]
    device: str
    torch_threads: int

    def rate(self, epoch: int) -> float:
        """Learning rate during an epoch (from 1)."""
        passed = sum(milestone < epoch for milestone in self.milestones)
        return self.learning_rate * self.milestone_factor**passed

    def keeps(self, epoch: int) -> bool:
        """Whether the weights at the end of an epoch are kept; those before training are."""
        return epoch == 0 or self.checkpoints == "all" or epoch in self.checkpoints


@dataclass(frozen=True)
class File:
    """A file of a network that was trained elsewhere.

    Attributes:
        file: its name, relative to the network's folder.
        sha256: of its bytes.
    """

    file: str
    sha256: str


@dataclass(frozen=True)
class Pretrained:
    """A network that was trained elsewhere.

    Attributes:
        folder: of its files.
        checkpoints: epoch -> file, those that are taken over.
        history: its `training.csv`; None where there is none.
    """

    folder: Path
    checkpoints: Mapping[int, File]
    history: File | None


@dataclass(frozen=True)
class Settings:
    """Which network is trained.

    Attributes:
        model: the config's model section, `name`, `arguments`, `initialisation` and `q`.
        training: how it is trained, or was.
        seed: of the initial weights, the order of the samples, and their augmentation.
        pretrained: the network, where it has been trained already; else None.
    """

    model: Mapping[str, Any]
    training: Hyperparameters
    seed: int
    pretrained: Pretrained | None


def read(given: Mapping[str, Any]) -> Settings:
    """Settings from the stage's JSON.

    Raises:
        InputError: names every key that is missing or unknown.
    """
    settings = stage.read_settings(Settings, given)
    training: Any = settings.training
    return replace(
        settings,
        training=stage.read_settings(Hyperparameters, training),
        pretrained=_pretrained(settings.pretrained),
    )


def _pretrained(given: Any) -> Pretrained | None:
    """From JSON, whose keys are text."""
    if given is None:
        return None
    found = stage.read_settings(Pretrained, given)
    history: Any = found.history
    return Pretrained(
        Path(found.folder),
        {int(epoch): File(**file) for epoch, file in given["checkpoints"].items()},
        None if history is None else File(**history),
    )


def check(how: Hyperparameters, data: Dataset) -> None:
    """Check that a training suits a data set: what nobody can know before the data are read.

    Raises:
        InputError: says which key does not.
    """
    count = len(data.train_inputs)
    if not 1 <= how.batch_size <= count:
        raise InputError(
            f"training: found batch_size {how.batch_size}; {count} samples take 1..{count}"
        )
    if how.loss == "cross_entropy" and data.task == "regression":
        raise InputError(
            "training: cross_entropy needs classes; use mean_squared_error in regression"
        )
    if how.loss == "mean_squared_error" and data.positions and PADDING in data.train_targets:
        raise InputError(
            f"training: mean_squared_error takes no padding (targets of {PADDING}); use cross_entropy, or a loss of "
            "your own"
        )
    if how.augment and (len(data.input_shape) != 3 or data.tokens):
        kind = "integers" if data.tokens else "inputs"
        raise InputError(
            f"training: augment needs images; found {kind} of shape {data.input_shape}"
        )
