"""Training: weights over the epochs, resumable, and how well the model did."""

import copy
import logging
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gradnoise import stage
from gradnoise.data.dataset import Dataset
from gradnoise.draws.streams import Stream, generator, torch_seed
from gradnoise.errors import InputError
from gradnoise.model.checkpoints import save
from gradnoise.model.device import set_device
from gradnoise.model.loss import loss
from gradnoise.model.own_code import users_code
from gradnoise.store.tables import write_table
from gradnoise.store.whole import atomic
from gradnoise.training import augmentation, evaluation, optimizer
from gradnoise.training.settings import Hyperparameters, check

log = logging.getLogger(__name__)


Row = dict[str, float | None]


CHECKED = 50  # batches between looks at the loss: each look makes an accelerator wait


class Training:
    """A model in training: its data on the device, optimizer, and rows of `training.csv` so far.

    Args:
        model: initialised; trained in place.
        how: it is trained.
        data: the data set.
        seed: of the order and the augmentation of the samples, in streams of each epoch's own.
    """

    def __init__(self, model: nn.Module, how: Hyperparameters, data: Dataset, seed: int) -> None:
        check(how, data)
        device = set_device(how.device)
        # Channels last: 7 to 15 % faster convolutions on the CPU.
        self.model = model.to(device).to(memory_format=torch.channels_last)
        self.how, self.seed = how, seed
        self.train, self.test = (
            (torch.from_numpy(inputs).to(device), torch.from_numpy(targets).to(device))
            for inputs, targets in (
                (data.train_inputs, data.train_targets),
                (data.test_inputs, data.test_targets),
            )
        )
        self.loss = loss(how.loss)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = optimizer.build(self.parameters, how)
        self.batches = -(-len(data.train_inputs) // how.batch_size)
        self.rows: list[Row] = []

    @property
    def epoch(self) -> int:
        """Last completed epoch; -1 before the initial model is evaluated."""
        return len(self.rows) - 1

    def state(self) -> dict[str, Any]:
        """All that the next epoch depends on."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rows": self.rows,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rows = state["rows"]

    def start(self) -> None:
        """Evaluate the initial model; its gradient norm is that of epoch 1's first batch.

        Raises:
            InputError: where the model or the loss fails on the data, or the loss is not one number.
        """
        inputs, targets = next(self._minibatches(1))
        # A copy, so that BatchNorm's running statistics do not see the batch.
        model = copy.deepcopy(self.model).train()
        with users_code("training", f"the first pass over the data{self._range()}"):
            with torch.random.fork_rng():
                self._seed_model(1)
                loss = self.loss(model(inputs), targets)
                _require_number(self.how.loss, loss)
                loss.backward()
            norm = _gradient_norm([p for p in model.parameters() if p.requires_grad])
            self.rows.append(self._row(0, self.how.rate(1), float(norm)))

    def _range(self) -> str:
        """What the tokens are, for a message: an embedding may have too few rows."""
        if self.train[0].is_floating_point():
            return ""
        parts = [self.train[0], self.test[0]]
        return f" (inputs are integers from {min(map(Tensor.min, parts))} to {max(map(Tensor.max, parts))})"

    def run_epoch(self, ticks: Iterator[int]) -> None:
        """Train for one more epoch and evaluate; `ticks` is advanced with every batch.

        Raises:
            InputError: where the loss is no longer finite.
        """
        epoch = self.epoch + 1
        rate = self.how.rate(epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self._seed_model(epoch)
        self.model.train()
        losses, norms = torch.zeros(2, self.batches, device=self.train[0].device)
        batches = zip(self._minibatches(epoch), ticks, strict=False)
        for batch, ((inputs, targets), _) in enumerate(batches):
            self.optimizer.zero_grad()
            loss = self.loss(self.model(inputs), targets)
            loss.backward()
            losses[batch] = loss.detach()
            norms[batch] = _gradient_norm(self.parameters)
            self.optimizer.step()
            if (batch + 1) % CHECKED == 0 or batch + 1 == self.batches:
                _check_finite(losses, epoch, rate)
        self.rows.append(self._row(epoch, rate, float(norms.double().mean())))

    def _seed_model(self, epoch: int) -> None:
        """What a model draws itself (dropout) repeats when a killed training resumes at this epoch."""
        torch.manual_seed(torch_seed(self.seed, Stream.AUGMENTATION, epoch, "model"))

    def _minibatches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        inputs, targets = self.train
        order = generator(self.seed, Stream.SHUFFLING, epoch).permutation(len(inputs))
        random = generator(self.seed, Stream.AUGMENTATION, epoch)
        for chosen in torch.from_numpy(order).to(inputs.device).split(self.how.batch_size):
            images = inputs[chosen]
            if self.how.augment:
                images = augmentation.crop_and_flip(images, random)
            yield images, targets[chosen]

    def _row(self, epoch: int, rate: float, norm: float) -> Row:
        train = evaluation.evaluate(self.model, self.loss, *self.train)
        test = evaluation.evaluate(self.model, self.loss, *self.test)
        if not math.isfinite(train.loss):
            raise _diverged(train.loss, f"after epoch {epoch}", rate)
        return {
            "epoch": epoch,
            "train_loss": train.loss,
            "train_accuracy": train.accuracy,
            "test_loss": test.loss,
            "test_accuracy": test.accuracy,
            "learning_rate": rate,
            "gradient_norm": norm,
            **evaluation.watched(train),
        }


def _gradient_norm(parameters: Sequence[Tensor]) -> Tensor:
    return nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])


def _require_number(name: str, loss: Any) -> None:
    """Refuse what is no mean loss of a batch.

    Raises:
        InputError: says what the loss gave.
    """
    if not isinstance(loss, Tensor) or loss.ndim or not loss.requires_grad:
        found = type(loss).__name__
        if isinstance(loss, Tensor):
            found = f"a tensor of shape {tuple(loss.shape)}" if loss.ndim else "a constant"
        raise InputError(
            f"training.loss {name}: found {found}; needed: one number, the batch's mean loss, that can be differentiated"
        )


def _check_finite(losses: Tensor, epoch: int, rate: float) -> None:
    finite = losses.isfinite()
    if not finite.all():
        first = int((~finite).int().argmax())
        raise _diverged(float(losses[first]), f"in epoch {epoch}, batch {first + 1}", rate)


def _diverged(loss: float, when: str, rate: float) -> InputError:
    return InputError(
        f"training diverged: the loss is {loss} {when}, at learning rate {rate:g}; "
        "a smaller learning_rate (or a better scaled model) is needed"
    )


def train_in(work: Path, training: Training, metadata: Mapping[str, Any]) -> None:
    """Train to the last epoch in a folder, going on from the last epoch completed there.

    Leaves `checkpoints/epoch-{e}.safetensors` and `training.csv`. After every epoch `state.pt` holds
    what the next one needs; it is replaced in one rename, so a kill costs at most the epoch it hits.
    """
    how, saved = training.how, work / "state.pt"
    checkpoints = work / "checkpoints"
    if saved.exists() and checkpoints.exists():
        training.restore(torch.load(saved, map_location="cpu", weights_only=True))
        log.info("going on after epoch %d", training.epoch)
    else:
        shutil.rmtree(checkpoints, ignore_errors=True)
    done, total = max(0, training.epoch) * training.batches, how.epochs * training.batches
    steps = stage.progress(range(done, total), "training", unit="batch", initial=done, total=total)
    ticks = iter(steps)
    while training.epoch < how.epochs:
        if training.epoch < 0:
            training.start()
        else:
            training.run_epoch(ticks)
        if how.keeps(training.epoch):
            path = checkpoints / f"epoch-{training.epoch}.safetensors"
            save(path, training.model, {**metadata, "epoch": training.epoch})
        with atomic(saved) as temporary:
            torch.save(training.state(), temporary)
        _report(training.rows[-1])
    next(ticks, None)  # completes the progress bar
    write_table(work / "training.csv", training.rows)


def _report(row: Row) -> None:
    """One line of log; an epoch is worth it."""
    values = {key: row[key] for key in ("train_loss", "test_loss", "test_accuracy")}
    shown = ", ".join(f"{key} {value:.4f}" for key, value in values.items() if value is not None)
    log.info("epoch %d: %s", row["epoch"], shown)
