"""How a model is trained: the training section of the config, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from gradnoise.data.dataset import Dataset
from gradnoise.errors import InputError


@dataclass(frozen=True)
class Recipe:
    """How a model is trained: the training section of the config without its seeds.

    Attributes:
        optimizer: "sgd", "adamw" or "signsgd".
        learning_rate: of the first epoch.
        momentum: of SGD and signSGD; the first moment's decay rate of AdamW.
        nesterov: whether SGD's momentum is Nesterov's.
        weight_decay: added to the gradient in SGD, decoupled in AdamW and signSGD.
        milestones: epochs after which the learning rate is multiplied by `milestone_factor`.
        milestone_factor: see milestones.
        epochs: passes over the training set, each in a new order; a smaller last batch is used too.
        batch_size: samples per step.
        loss: "cross_entropy" or "mean_squared_error" (of one-hot rows for classes).
        augment: random crop and flip of every image at every use.
        checkpoints: epochs whose weights are kept, besides epoch 0; or "all".
        device: "auto", "cpu", "cuda" or "mps".
        torch_threads: threads of torch on the CPU.
    """

    optimizer: str
    learning_rate: float
    momentum: float
    nesterov: bool
    weight_decay: float
    milestones: Sequence[int]
    milestone_factor: float
    epochs: int
    batch_size: int
    loss: str
    augment: bool
    checkpoints: Sequence[int] | Literal["all"]
    device: str = "auto"
    torch_threads: int = 2

    def rate(self, epoch: int) -> float:
        """Learning rate during an epoch (from 1)."""
        passed = sum(milestone < epoch for milestone in self.milestones)
        return self.learning_rate * self.milestone_factor**passed

    def keeps(self, epoch: int) -> bool:
        """Whether the weights at the end of an epoch are kept; those before training are."""
        return epoch == 0 or self.checkpoints == "all" or epoch in self.checkpoints


def read(settings: Mapping[str, Any]) -> Recipe:
    """Recipe from the training section.

    Raises:
        InputError: for a missing or unknown key, or a checkpoint after the last epoch.
    """
    known = {field.name for field in fields(Recipe)}
    wrong = sorted(set(settings) ^ known)
    if wrong:
        raise InputError(f"training: missing or unknown keys {wrong}; needed: {sorted(known)}")
    made = Recipe(**settings)
    late = [] if made.checkpoints == "all" else [e for e in made.checkpoints if e > made.epochs]
    if late:
        raise InputError(f"training: checkpoints {late} are after the last epoch, {made.epochs}")
    return made


def check(how: Recipe, data: Dataset) -> None:
    """Check that a recipe suits a data set.

    Raises:
        InputError: says which key of the recipe does not.
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
    if how.augment and len(data.input_shape) != 3:
        raise InputError(
            f"training: augment needs images; found inputs of shape {data.input_shape}"
        )
