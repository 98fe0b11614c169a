import pytest
import torch
from torch import nn

from gradnoise.errors import InputError
from gradnoise.model import factory
from gradnoise.model.checkpoints import load, save

CNN = {"name": "cnn", "arguments": {"batch_norm": True}}
SHAPE = (1, 12, 12)


def test_a_checkpoint_gives_back_weights_and_statistics_and_the_same_bytes(tmp_path):
    model = factory.build(CNN, SHAPE, 10, seed=1)
    model(torch.randn(8, *SHAPE))  # moves BatchNorm's running statistics
    metadata = {"epoch": 3, "seed": 1, "model": CNN}
    for name in "ab":
        save(tmp_path / name, model.to(memory_format=torch.channels_last), metadata)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    other = factory.build(CNN, SHAPE, 10, seed=2)
    assert load(tmp_path / "a", other) == metadata
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name])


def test_tied_weights_are_saved(tmp_path):
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    save(tmp_path / "tied", model, {})
    load(tmp_path / "tied", model)
    assert [p.name for p in factory.describe(model)] == [n for n, _ in model.named_parameters()]


def test_a_missing_damaged_or_foreign_checkpoint_is_named(tmp_path):
    model = factory.build(CNN, SHAPE, 10, seed=1)
    path = tmp_path / "epoch-1.safetensors"
    with pytest.raises(InputError, match="found none"):
        load(path, model)
    save(path, model, {})
    with pytest.raises(InputError, match="another model's"):
        load(path, factory.build({"name": "linear"}, SHAPE, 10, seed=1))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="damaged"):
        load(path, model)
