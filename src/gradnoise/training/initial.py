"""A data set's model before training."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from gradnoise.data.dataset import Dataset
from gradnoise.model import factory


def initial_model(model: Mapping[str, Any], dataset: Dataset, seed: int) -> nn.Module:
    """The model for a data set's inputs and targets, as it is before training, on the CPU.

    Raises:
        InputError: where it does not suit them.
    """
    shapes = dataset.input_shape, dataset.outputs
    return factory.build(model, *shapes, seed, dataset.tokens, dataset.positions)
