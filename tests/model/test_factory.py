import sys

import pytest
import torch

from gradnoise.errors import InputError
from gradnoise.model import factory

CNN = {"name": "cnn", "arguments": {"batch_norm": True}}
SHAPE = (1, 12, 12)

HEAD = "head.parametrizations.weight"

FACTORIES = """
import torch
from torch import nn
import torch.nn.functional as F

class Residual(nn.Module):
    def __init__(self, input_shape, outputs, width=5):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.first = nn.Conv2d(input_shape[0], width, 3)
        self.norm = nn.GroupNorm(1, width)
        self.head = nn.LazyLinear(outputs)
        self.frozen = nn.Linear(2, 2)
        self.frozen.requires_grad_(False)

    def forward(self, inputs):
        return self.scale * self.head(F.relu(self.norm(self.first(inputs))).flatten(1))

class Sentence(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.embed = nn.Embedding(11, 4)
        self.places, self.shift = nn.Parameter(torch.ones(6, 4)), nn.Parameter(torch.ones(4))
        self.gain = nn.Parameter(torch.ones(4))
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.norm, self.gru = nn.RMSNorm(4), nn.GRU(4, 3, batch_first=True)
        self.head = nn.utils.parametrizations.weight_norm(nn.Linear(3, outputs))

    def forward(self, inputs):
        words = self.gain * (self.embed(inputs.long()) + self.places) - self.shift
        words = self.norm(words + self.attention(words, words, words, need_weights=False)[0])
        return self.head(self.gru(words)[0].mean(1))

def fixed(depth):
    return nn.Sequential(nn.Flatten(), nn.Linear(144, depth), nn.ReLU(), nn.Linear(depth, 10))

def wrong_shape(outputs): return nn.Sequential(nn.Flatten(), nn.Linear(144, outputs + 1))
def wrong_inputs(outputs): return nn.Linear(7, outputs)
def no_module(): return 3
def untrainable(): return nn.Sequential(nn.Flatten(), nn.AvgPool1d(14))
def fails(): return {}["missing"]
constant = 1

class Tagger(nn.Module):
    def __init__(self, outputs, turned=False):
        super().__init__()
        self.embed, self.head, self.turned = nn.Embedding(9, 4), nn.Linear(4, outputs), turned

    def forward(self, tokens):
        scores = self.head(self.embed(tokens))
        return scores.transpose(1, 2) if self.turned else scores

class Pooled(Tagger):
    def forward(self, tokens): return super().forward(tokens).mean(1)

class Padded(Tagger):
    def forward(self, tokens):
        lengths = (tokens != 0).sum(1)
        packed = nn.utils.rnn.pack_padded_sequence(tokens, lengths, True, enforce_sorted=False)
        return super().forward(nn.utils.rnn.pad_packed_sequence(packed, True)[0])
"""


@pytest.fixture
def factories(tmp_path, monkeypatch):
    (tmp_path / "my_networks.py").write_text(FACTORIES)
    (tmp_path / "broken_networks.py").write_text("import no_such_package\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "my_networks"
    sys.modules.pop("my_networks", None)


def own(factory, **arguments):
    return {"name": f"my_networks:{factory}", "arguments": arguments}


def weights_of(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_initialisation_depends_on_the_seed_alone_and_leaves_the_global_stream():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = factory.build(CNN, SHAPE, 10, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert torch.equal(weights_of(factory.build(CNN, SHAPE, 10, seed=1)), weights_of(first))
    assert not torch.equal(weights_of(factory.build(CNN, SHAPE, 10, seed=2)), weights_of(first))


def test_own_model_gets_shapes_where_it_names_them(factories):
    model = factory.build(own("Residual", width=4), SHAPE, 10, seed=1)
    found = factory.describe(model)
    assert [(p.name, p.kind, p.layer, p.operation) for p in found] == [
        ("scale", "weight", "scale", "other"),
        ("first.weight", "weight", "first", "convolution"),
        ("first.bias", "bias", "first", "convolution"),
        ("norm.weight", "norm", "norm", "normalisation"),
        ("norm.bias", "norm", "norm", "normalisation"),
        ("head.weight", "weight", "head", "linear"),
        ("head.bias", "bias", "head", "linear"),
    ]
    assert found[5].shape == (10, 400)
    assert torch.equal(
        weights_of(model), weights_of(factory.build(own("Residual", width=4), SHAPE, 10, 1))
    )
    assert factory.build(own("fixed", depth=6), SHAPE, 10, seed=1)[1].out_features == 6


def test_every_parameter_of_own_model_has_a_layer_an_operation_and_a_role(factories):
    model = factory.build(own("Sentence"), (6,), 3, seed=1)
    found = factory.describe(model)
    assert [(p.name, p.kind, p.layer, p.operation) for p in found] == [
        ("places", "weight", "places", "other"),
        ("shift", "bias", "shift", "other"),
        ("gain", "weight", "gain", "other"),
        ("embed.weight", "weight", "embed", "embedding"),
        ("attention.q_proj_weight", "weight", "attention.q_proj", "attention"),
        ("attention.k_proj_weight", "weight", "attention.k_proj", "attention"),
        ("attention.v_proj_weight", "weight", "attention.v_proj", "attention"),
        ("attention.in_proj_bias", "bias", "attention.in_proj", "attention"),
        ("attention.out_proj.weight", "weight", "attention.out_proj", "attention"),
        ("attention.out_proj.bias", "bias", "attention.out_proj", "attention"),
        ("norm.weight", "norm", "norm", "normalisation"),
        ("gru.weight_ih_l0", "weight", "gru.ih_l0", "recurrent"),
        ("gru.weight_hh_l0", "weight", "gru.hh_l0", "recurrent"),
        ("gru.bias_ih_l0", "bias", "gru.ih_l0", "recurrent"),
        ("gru.bias_hh_l0", "bias", "gru.hh_l0", "recurrent"),
        ("head.bias", "bias", "head", "linear"),
        *((f"{HEAD}.original{i}", "weight", f"{HEAD}.original{i}", "linear") for i in range(2)),
    ]
    assert all(module.training for module in model.modules())


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("my_networks:missing", {}, "no function or class 'missing'"),
        ("my_networks:constant", {}, "no function or class 'constant'"),
        ("no_such_module:factory", {}, "importing 'no_such_module'"),
        ("broken_networks:factory", {}, r"no_such_package.*broken_networks.py, line 1"),
        ("my_networks:fixed", {}, "missing a required argument: 'depth'.*fixed\\(depth\\)"),
        ("my_networks:fixed", {"width": 3}, "width"),
        ("my_networks:wrong_shape", {}, r"returned \(2, 11\).*\(2, 10\)"),
        ("my_networks:wrong_inputs", {}, r"a batch of inputs of shape \(2, 1, 12, 12\)"),
        ("my_networks:no_module", {}, "torch.nn.Module"),
        ("my_networks:fails", {}, r"calling fails failed with KeyError: 'missing'.*line"),
    ],
)
def test_own_model_that_does_not_work_says_why(factories, name, arguments, message):
    with pytest.raises(InputError, match=message):
        factory.build({"name": name, "arguments": arguments}, SHAPE, 10, seed=1)


def test_own_model_without_parameters_is_refused(factories):
    with pytest.raises(InputError, match="no trainable parameters"):
        factory.build(own("untrainable"), (1, 12, 12), 10, seed=1)


def tagger(name, outputs=3, positions=(5,), tokens=True, **arguments):
    return factory.build(own(name, **arguments), (5,), outputs, 1, tokens, positions)


def test_own_model_of_sequences_gives_classes_at_every_position(factories):
    assert tagger("Tagger").head.out_features == 3
    assert tagger("Padded")(torch.tensor([[4, 0, 0, 0, 0], [1, 2, 3, 4, 5]])).shape == (2, 5, 3)
    # A vocabulary may be larger than what occurs in the data; classes of samples may not.
    assert tagger("Tagger", outputs=2, positions=(5,)).head.out_features == 2
    model = {"name": "my_networks:Tagger", "arguments": {"outputs": 8}}
    assert factory.build(model, (5,), 3, 1, True, (5,)).head.out_features == 8
    assert tagger("Pooled", positions=()).head.out_features == 3


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        (
            "Tagger",
            {"turned": True},
            r"\(2, 3, 5\).*\(2, 5, 3\) \(batch, positions, classes\).*transp",
        ),
        (
            "Pooled",
            {},
            r"\(2, 3\); .*\(2, 5, 3\).*: the targets hold a class at each of 5 positions",
        ),
        ("Tagger", {"outputs": 2}, r"returned \(2, 5, 2\).*\(2, 5, 3\)"),
        ("Tagger", {"positions": ()}, r"returned \(2, 5, 3\).*\(2, 3\) \(batch, outputs\)"),
        ("Tagger", {"tokens": False}, r"a batch of inputs of shape \(2, 5\) failed .*Float"),
        ("fixed", {"depth": 4}, r"a batch of integer inputs \(data.inputs: numbers makes real"),
    ],
)
def test_own_model_that_does_not_suit_sequences_says_why(factories, name, arguments, message):
    given = {"outputs": 3, **arguments}
    shapes = {key: given.pop(key) for key in ("tokens", "positions") if key in given}
    if name == "fixed":
        del given["outputs"]
    built = {"name": f"my_networks:{name}", "arguments": given}
    with pytest.raises(InputError, match=message):
        factory.build(built, (5,), 3, 1, **{"tokens": True, "positions": (5,), **shapes})


@pytest.mark.parametrize(
    ("tokens", "positions", "message"),
    [
        (True, (), "mlp: found integer inputs, which stay integers .* data.inputs: numbers"),
        (
            False,
            (7,),
            r"mlp: found targets with 7 positions a sample .*accepted: one class a sample",
        ),
    ],
)
def test_a_built_in_network_refuses_what_only_an_own_one_takes(tokens, positions, message):
    with pytest.raises(InputError, match=message):
        factory.build({"name": "mlp"}, (5,), 3, 1, tokens, positions)
