"""A trained network at one of its checkpoints, as the stages that measure it take it up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from gradnoise.data.dataset import Dataset
from gradnoise.model.checkpoints import load
from gradnoise.model.device import deterministic, set_device
from gradnoise.store.variables import GRADIENT_UNITS
from gradnoise.store.versions import versions
from gradnoise.training.initial import initial_model


class Measured(Protocol):
    """What the settings of every measuring stage say of the network."""

    @property
    def model(self) -> Mapping[str, Any]:
        """`name` and `arguments`."""

    @property
    def loss(self) -> str:
        """A module of `gradnoise.model.losses`, or a user's own."""

    @property
    def seed(self) -> int:
        """Of the training."""

    @property
    def epoch(self) -> int:
        """Of the checkpoint."""

    @property
    def device(self) -> str:
        """By name."""

    @property
    def torch_threads(self) -> int:
        """Of torch on the CPU."""

    @property
    def batch_norm_mode(self) -> str:
        """'train' or 'eval', of the whole model."""

    @property
    def augment(self) -> bool:
        """Whether crop and flip are drawn anew."""


def load_model(settings: Measured, dataset: Dataset, checkpoints: Path) -> nn.Module:
    """The model of a checkpoint on its device, in the train/eval mode that is measured.

    Args:
        settings: which network, and where it is computed.
        dataset: gives the shapes of inputs and outputs.
        checkpoints: folder of `epoch-{e}.safetensors`.

    Raises:
        InputError: where the file is missing, damaged or another model's.
    """
    # Before the device: CUDA reads its settings once.
    deterministic(settings.torch_threads)
    device = set_device(settings.device)
    model = initial_model(settings.model, dataset, settings.seed)
    if any(isinstance(module, nn.RNNBase) for module in model.modules()):
        # cuDNN's recurrent layers have no gradient in eval mode, and no second one: torch's own have.
        torch.backends.cudnn.enabled = False
    load(checkpoints / f"epoch-{settings.epoch}.safetensors", model)
    return model.to(device).train(settings.batch_norm_mode == "train")


def store_attributes(settings: Measured, dataset: Dataset) -> dict[str, Any]:
    """What a store of this checkpoint says about its origin."""
    return {
        "seed": settings.seed,
        "epoch": settings.epoch,
        "model": settings.model,
        "loss": settings.loss,
        "batch_norm_mode": settings.batch_norm_mode,
        "augment": settings.augment,
        "torch_threads": settings.torch_threads,
        "dataset": dataset.name,
        "dataset_checksum": dataset.checksum,
        "sample_count": len(dataset.train_inputs),
        "units": GRADIENT_UNITS,
        "versions": versions(),
    }
