"""Networks that have been trained elsewhere, taken over as if they had been trained here.

Before anything is computed, every checkpoint is held against its checksum and the model, and written as the training
stage writes its own. A history that comes along is held against the weights: other data, or inputs scaled in another
way, give other losses.
"""

import csv
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gradnoise import stage
from gradnoise.data.dataset import Dataset
from gradnoise.errors import InputError
from gradnoise.model import checkpoints
from gradnoise.model.device import set_device
from gradnoise.model.loss import loss
from gradnoise.store.tables import write_table
from gradnoise.store.whole import write_text
from gradnoise.store.work_area import WorkArea
from gradnoise.training import state_dicts
from gradnoise.training.checkpoint_files import HISTORY, sha256
from gradnoise.training.evaluation import Evaluation, evaluate, watched
from gradnoise.training.initial import initial_model
from gradnoise.training.settings import File, Pretrained, Settings, check

log = logging.getLogger(__name__)

# What a history must have; the training stage writes these.
COLUMNS = (
    *("epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy"),
    *("learning_rate", "gradient_norm"),
)
# A test loss of the history may differ from the one found here by this share: other processors round otherwise.
TOLERANCE = 0.05
ROUNDING = 1e-6  # and by this much, where the loss is next to nothing


def take_over(area: WorkArea, settings: Settings, data: Dataset) -> None:
    """Leave `checkpoints/epoch-{e}.safetensors` and `training.csv` in a work area, going on where a killed job was.

    Raises:
        InputError: names the file that has changed since the workflow was planned, is damaged or another model's, or
            the line of the history that these weights do not give.
    """
    network = Network(settings, data)
    pretrained = network.pretrained
    history = _history(pretrained) if pretrained.history else None
    for epoch, file in pretrained.checkpoints.items():
        if str(epoch) not in area.finished:
            network.take(area.path, epoch, file)
            area.finish(str(epoch))
    if history is None:
        write_table(area.path / HISTORY, _rows(area.path, network))
    else:
        for epoch in stage.progress(pretrained.checkpoints, "test loss", unit="checkpoint"):
            found = network.evaluate(area.path, epoch, "test").loss
            _compare(_told(pretrained), epoch, float(history[epoch]["test_loss"]), found)
        shutil.copyfile(_told(pretrained), area.path / HISTORY)


class Network:
    """A network that was trained elsewhere: its model, its data on the device."""

    def __init__(self, settings: Settings, data: Dataset) -> None:
        check(settings.training, data)
        assert settings.pretrained is not None
        self.settings, self.pretrained = settings, settings.pretrained
        device = set_device(settings.training.device)
        model = initial_model(settings.model, data, settings.seed)
        self.model: nn.Module = model.to(device).to(memory_format=torch.channels_last)
        self.loss = loss(settings.training.loss)
        self.samples = {
            split: tuple(torch.from_numpy(values).to(device) for values in arrays)
            for split, arrays in {
                "train": (data.train_inputs, data.train_targets),
                "test": (data.test_inputs, data.test_targets),
            }.items()
        }

    def take(self, work: Path, epoch: int, file: File) -> None:
        """Write one checkpoint as the training stage writes its own.

        Raises:
            InputError: where it is not the file that the workflow has seen, or another model's.
        """
        path = self.pretrained.folder / file.file
        _require(path, file)
        state = state_dicts.fit(state_dicts.read(path), self.model, path)
        self.model.load_state_dict(state)
        origin = {"epoch": epoch, "seed": self.settings.seed, "model": self.settings.model}
        checkpoints.save(_place(work, epoch), self.model, origin | {"sha256": file.sha256})

    def evaluate(self, work: Path, epoch: int, split: str) -> Evaluation:
        """Loss and accuracy of a checkpoint that has been taken over."""
        checkpoints.load(_place(work, epoch), self.model)
        return evaluate(self.model, self.loss, *self.samples[split])


def _place(work: Path, epoch: int) -> Path:
    return work / "checkpoints" / f"epoch-{epoch}.safetensors"


def _require(path: Path, file: File) -> None:
    """Check that a file is there, and the one that the workflow has seen."""
    if not path.is_file() or sha256(path) != file.sha256:
        state = "has changed" if path.is_file() else "has gone"
        raise InputError(f"{path}: this file {state} since the workflow was planned; run it again")


def _rows(work: Path, network: Network) -> list[dict[str, Any]]:
    """The history that the checkpoints themselves tell; what only training knows is empty."""
    saved = work / "rows.json"
    rows: list[dict[str, Any]] = json.loads(saved.read_text()) if saved.exists() else []
    how = network.settings.training
    left = list(network.pretrained.checkpoints)[len(rows) :]
    for epoch in stage.progress(left, "losses", unit="checkpoint"):
        train, test = (network.evaluate(work, epoch, split) for split in ("train", "test"))
        values = (epoch, train.loss, train.accuracy, test.loss, test.accuracy)
        row = dict(zip(COLUMNS, (*values, how.rate(max(1, epoch)), None), strict=True))
        rows.append(row | watched(train))
        write_text(saved, json.dumps(rows))
        log.info("epoch %d: test loss %.4f, accuracy %s", epoch, test.loss, test.accuracy)
    return rows


def _told(pretrained: Pretrained) -> Path:
    assert pretrained.history is not None
    return pretrained.folder / pretrained.history.file


def _history(pretrained: Pretrained) -> dict[int, dict[str, Any]]:
    """Rows of the history, by epoch.

    Raises:
        InputError: where it is not of the training stage's kind, or does not know a checkpoint's epoch.
    """
    assert pretrained.history is not None
    path = _told(pretrained)
    _require(path, pretrained.history)
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise InputError(
                f"{path}: found no column {', '.join(missing)}; expected those of the training stage, "
                f"{', '.join(COLUMNS)}; without the file, losses and accuracies are computed"
            )
        rows = list(reader)
    try:
        found = {int(row["epoch"]): row for row in rows}
        losses = [float(row["test_loss"]) for row in rows]
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: found a cell that is no number ({error})") from None
    lacking = [str(epoch) for epoch in pretrained.checkpoints if epoch not in found]
    if lacking or len(losses) != len(found):
        problem = f"no epoch {', '.join(lacking)}" if lacking else "an epoch twice"
        raise InputError(f"{path}: found {problem}; expected a line for every checkpoint's epoch")
    return found


def _compare(path: Path, epoch: int, told: float, found: float) -> None:
    """Check that the weights give the test loss that the history tells.

    Raises:
        InputError: where they do not.
    """
    if not abs(found - told) <= TOLERANCE * abs(told) + ROUNDING:
        raise InputError(
            f"{path}: test_loss {told:.4g} after epoch {epoch}, but this checkpoint gives {found:.4g} on these data; "
            "another data set, data.standardise or loss? Without the file, losses and accuracies are computed"
        )
