"""Queries, keys and values as parameters of their own."""

import copy
import pickle

import pytest
import torch
from torch import nn

from gradnoise.model.projections import APART, tell_apart


class Attends(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        nn.init.normal_(self.attention.in_proj_bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x, x, torch.tanh(x), need_weights=False)[0]


class Reaches(Attends):
    """Uses the packed projections itself."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) @ self.attention.in_proj_weight[:4]


class Own(nn.MultiheadAttention):
    """A subclass."""


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def apart(model: nn.Module) -> set[str]:
    return {name.rpartition(".")[2] for name, _ in model.named_parameters()} & set(APART)


def test_projections_told_apart_compute_and_initialise_the_same() -> None:
    model, x = Attends(), torch.randn(3, 5, 4)
    packed, before = model.attention.in_proj_weight.detach().clone(), model(x)
    tell_apart(model, lambda: model(x))
    assert model.attention.in_proj_weight is None
    torch.testing.assert_close(model(x), before)
    together = torch.cat([getattr(model.attention, name) for name in APART])
    assert torch.equal(together, packed)
    assert [name for name, _ in model.attention.named_parameters()][:4] == [*APART, "in_proj_bias"]


def test_a_checkpoint_is_that_of_the_model_as_its_author_knows_it() -> None:
    plain, told = Attends(), Attends()
    tell_apart(told, lambda: None)
    assert set(told.state_dict()) == set(plain.state_dict())
    for name, each in told.state_dict().items():
        assert each.shape == plain.state_dict()[name].shape
    told.load_state_dict(plain.state_dict())
    x = torch.randn(3, 5, 4)
    torch.testing.assert_close(told(x), plain(x))
    other = Attends()
    other.load_state_dict(told.state_dict())
    assert torch.equal(other.attention.in_proj_weight, plain.attention.in_proj_weight)
    again = pickle.loads(pickle.dumps(copy.deepcopy(told)))
    assert set(again.state_dict()) == set(plain.state_dict())
    with pytest.raises(RuntimeError, match="q_proj_weight"):
        told.load_state_dict({})


def test_a_model_that_reaches_for_them_packed_keeps_them(caplog) -> None:
    model, x = Reaches(), torch.randn(3, 5, 4)
    before, state = model(x), model.state_dict()
    tell_apart(model, lambda: model(x))
    assert "queries, keys and values stay together" in caplog.text
    assert apart(model) == set()
    assert torch.equal(model(x), before)
    assert all(torch.equal(each, state[name]) for name, each in model.state_dict().items())


def test_subclasses_and_shared_projections_are_left_alone() -> None:
    both = nn.ModuleList([nn.MultiheadAttention(4, 2), nn.MultiheadAttention(4, 2)])
    both[1].in_proj_weight = both[0].in_proj_weight
    for model in (both, Own(4, 2), nn.MultiheadAttention(4, 2, kdim=3)):
        before = [name for name, _ in model.named_parameters()]
        tell_apart(model, lambda: None)
        assert [name for name, _ in model.named_parameters()] == before


def test_an_encoder_with_padding_still_works_without_gradients() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=True)
    encoder, x = nn.TransformerEncoder(layer, 2).eval(), torch.randn(3, 5, 4)
    padding = torch.zeros(3, 5, dtype=torch.bool)
    padding[:, 4] = True
    before = encoder(x, src_key_padding_mask=padding)
    with torch.no_grad():
        tell_apart(encoder, lambda: encoder(x, src_key_padding_mask=padding))
        assert apart(encoder) == set(APART)
        torch.testing.assert_close(encoder(x, src_key_padding_mask=padding), before)
