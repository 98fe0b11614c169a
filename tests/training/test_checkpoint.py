from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from example_training import bars, dataset
from gradnoise.errors import InputError
from gradnoise.model import factory
from gradnoise.model.checkpoints import save
from gradnoise.training.checkpoint import load_model, store_attributes
from gradnoise.training.initial import initial_model


@dataclass(frozen=True)
class Settings:
    model: dict[str, Any] = field(
        default_factory=lambda: {"name": "cnn", "arguments": {"batch_norm": True}}
    )
    loss: str = "cross_entropy"
    seed: int = 3
    epoch: int = 2
    device: str = "cpu"
    torch_threads: int = 1
    batch_norm_mode: str = "eval"
    augment: bool = False


@pytest.fixture
def trained(tmp_path):
    """Weights unlike the initial ones of this seed, as epoch 2."""
    model = factory.build(Settings().model, (1, 8, 8), 2, seed=17)
    save(tmp_path / "epoch-2.safetensors", model, {})
    return model


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_a_network_comes_with_the_epochs_weights_in_the_mode_measured(tmp_path, trained, mode):
    found = load_model(Settings(batch_norm_mode=mode), bars(), tmp_path)
    assert torch.equal(found.conv1.weight, trained.conv1.weight)
    assert all(module.training == (mode == "train") for module in found.modules())
    assert torch.get_num_threads() == 1


RECURRENT = """
from torch import nn

class Tagger(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.embed, self.recurrent = nn.Embedding(9, 4), nn.LSTM(4, outputs, batch_first=True)

    def forward(self, tokens):
        return self.recurrent(self.embed(tokens))[0]
"""


def test_recurrent_layers_are_measured_without_cudnn(tmp_path, monkeypatch, trained):
    monkeypatch.setattr(torch.backends.cudnn, "enabled", True)
    load_model(Settings(), bars(), tmp_path)
    assert torch.backends.cudnn.enabled
    (tmp_path / "own_recurrent.py").write_text(RECURRENT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    tokens = np.arange(40).reshape(8, 5) % 9
    data, model = dataset(tokens, tokens % 3, 3), {"name": "own_recurrent:Tagger", "arguments": {}}
    save(tmp_path / "epoch-2.safetensors", initial_model(model, data, 5), {})
    load_model(Settings(model=model), data, tmp_path)
    assert not torch.backends.cudnn.enabled


def test_an_epoch_that_was_not_kept_is_named(tmp_path, trained):
    with pytest.raises(InputError, match=r"epoch-1.safetensors: expected a checkpoint, found none"):
        load_model(Settings(epoch=1), bars(), tmp_path)


def test_a_store_says_where_it_comes_from():
    found = store_attributes(Settings(), bars())
    assert (found["seed"], found["epoch"], found["sample_count"]) == (3, 2, 96)
    assert found["model"]["name"] == "cnn"
    assert set(found["versions"]) == {"python", "numpy", "torch", "zarr", "gradnoise"}
