import subprocess
import sys
from dataclasses import asdict

import pytest

from gradnoise.errors import InputError
from gradnoise.model import architectures, factory

COLOUR, GREY = (3, 32, 32), (1, 28, 28)
EVERY_MODEL_AND_OPTION = [
    ("alexnet", {}, COLOUR),
    ("alexnet", {"batch_norm": True}, (1, 29, 47)),
    ("alexnet_three_linear", {"hidden_features": 32}, COLOUR),
    ("alexnet_three_linear", {"hidden_features": 32, "batch_norm": True}, COLOUR),
    ("resnet20", {}, COLOUR),
    ("resnet20", {"batch_norm": False}, (2, 9, 8)),
    ("resnet56", {}, GREY),
    ("resnet56", {"batch_norm": False}, COLOUR),
    ("mlp", {}, (20,)),
    ("mlp", {"hidden_features": [7, 6, 5], "activation": "tanh", "bias": False}, GREY),
    ("mlp", {"hidden_features": []}, (20,)),
    ("cnn", {}, GREY),
    ("cnn", {"batch_norm": True, "hidden_features": 9}, (4, 5, 3)),
    ("tanh_cnn", {}, COLOUR),
    ("linear", {}, (20,)),
    ("linear", {"bias": False}, GREY),
]


def named(name, **arguments):
    return {"name": name, "arguments": arguments}


@pytest.mark.parametrize(("name", "arguments", "shape"), EVERY_MODEL_AND_OPTION)
def test_parameters_equal_those_of_the_built_model(name, arguments, shape):
    model = factory.build(named(name, **arguments), shape, 10, seed=1)
    found = architectures.parameters(named(name, **arguments), shape, 10)
    assert [(p.name, p.shape) for p in found] == [
        (parameter, tuple(tensor.shape)) for parameter, tensor in model.named_parameters()
    ]
    assert found == factory.describe(model)


def test_every_model_stands_in_that_list():
    assert {name for name, _, _ in EVERY_MODEL_AND_OPTION} == set(architectures.NAMES)


def test_kinds_tell_weights_biases_and_normalisation_apart():
    found = architectures.parameters(named("cnn", batch_norm=True), GREY, 10)
    kinds = {p.name: p.kind for p in found}
    assert kinds["conv1.weight"] == "weight"
    assert kinds["norm1.weight"] == kinds["norm1.bias"] == "norm"
    assert kinds["linear1.bias"] == "bias"
    assert "conv1.bias" not in kinds
    assert architectures.selected(found, biases=True) == found
    assert {p.kind for p in architectures.selected(found, biases=False)} == {"weight"}


def test_every_weight_of_a_module_of_several_is_a_layer_and_layers_are_counted():
    gru = {f"{kind}_{part}": (6,) for part in ("ih_l0", "hh_l0") for kind in ("weight", "bias")}
    attention = dict.fromkeys(("q_proj_weight", "k_proj_weight", "in_proj_bias"), (4,))
    modules = [
        ("", "other", {"scale": (1,)}),
        ("block2.gru", "recurrent", gru),
        ("block2.a", "attention", attention),
        ("block2.a.out_proj", "attention", {"weight": (4, 4), "bias": (4,)}),
        ("own", "other", {"table": (3, 3), "shift": (3,), "gain": (3,)}),
        ("last", "other", {"shift": (3,)}),
    ]
    found = architectures.annotate(modules, {"own.shift"})
    assert [(p.name, p.layer, p.kind, p.block, p.index) for p in found] == [
        ("scale", "scale", "weight", 0, 1),
        ("block2.gru.weight_ih_l0", "block2.gru.ih_l0", "weight", 2, 1),
        ("block2.gru.bias_ih_l0", "block2.gru.ih_l0", "bias", 2, 1),
        ("block2.gru.weight_hh_l0", "block2.gru.hh_l0", "weight", 2, 2),
        ("block2.gru.bias_hh_l0", "block2.gru.hh_l0", "bias", 2, 2),
        ("block2.a.q_proj_weight", "block2.a.q_proj", "weight", 2, 1),
        ("block2.a.k_proj_weight", "block2.a.k_proj", "weight", 2, 2),
        ("block2.a.in_proj_bias", "block2.a.in_proj", "bias", 2, 1),
        ("block2.a.out_proj.weight", "block2.a.out_proj", "weight", 2, 3),
        ("block2.a.out_proj.bias", "block2.a.out_proj", "bias", 2, 3),
        ("own.table", "own.table", "weight", 0, 2),
        ("own.shift", "own.shift", "bias", 0, 2),
        ("own.gain", "own.gain", "weight", 0, 3),
        ("last.shift", "last", "weight", 0, 4),
    ]
    weights = [p.layer for p in found if p.kind == "weight"]
    assert len(set(weights)) == len(weights)


@pytest.mark.parametrize(
    ("model", "shape", "message"),
    [
        (named("alexnet"), (3, 28, 28), "at least 29x29"),
        (named("alexnet"), (20,), "images"),
        (named("cnn"), (20,), "images"),
        (named("resnet20"), (32, 32), "images"),
        (named("alexnet", batchnorm=True), COLOUR, "batch_norm"),
        (named("alexnet", batch_norm=1), COLOUR, "true or false"),
        (named("mlp", hidden_features=5), COLOUR, "list"),
        (named("mlp", activation="gelu"), COLOUR, "tanh"),
        (named("cnn", hidden_features=0), COLOUR, "at least 1"),
        (named("vgg"), COLOUR, "resnet56"),
        (named("linear"), (), "shape"),
    ],
)
def test_what_does_not_fit_is_named_with_what_does(model, shape, message):
    with pytest.raises(InputError, match=message):
        architectures.parameters(model, shape, 10)


def test_a_description_reads_back():
    found = architectures.parameters(named("resnet20"), COLOUR, 10)
    assert architectures.from_description([asdict(p) for p in found]) == found


def test_torch_is_not_imported():
    program = "import sys, gradnoise.model.architectures; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_convolution_works_at_every_pixel_that_it_gives():
    found = architectures.parameters({"name": "alexnet"}, COLOUR, 10)
    places = {p.name: p.places for p in found if p.kind == "weight"}
    # 32 pixels in strides of 4; pooled after the first, second and fifth convolution.
    assert list(places.values()) == [8 * 8, 4 * 4, 2 * 2, 2 * 2, 2 * 2, 1]
    deep = architectures.parameters(named("resnet20"), COLOUR, 10)
    assert {p.layer: p.places for p in deep if p.index == 1} == {
        "conv1": 32 * 32,
        "norm1": 32 * 32,
        "linear": 1,
        **{f"block{b}.{n}1": (64 // 2**b) ** 2 for b in (1, 2, 3) for n in ("layer", "norm")},
    }
