import pytest

from gradnoise.errors import InputError
from gradnoise.model import layers
from gradnoise.model.layers import Layer


def test_a_layers_parameters_have_torchs_shapes():
    assert Layer("c", "convolution", 3, 8, kernel=5).shapes == {
        "weight": (8, 3, 5, 5),
        "bias": (8,),
    }
    assert Layer("l", "linear", 3, 8, bias=False).shapes == {"weight": (8, 3)}
    assert Layer("n", "normalisation", 8, 8).shapes == {"weight": (8,), "bias": (8,)}
    assert Layer("p", "pool").shapes == {}


def test_convolutions_say_how_many_features_come_out():
    # 9 x 7 pixels, kernel 3 at stride 2 with padding 1: 5 x 4; pooled: 2 x 2.
    found, features = layers.convolutions([(6, 3, 2, 1)], (1, 9, 7), batch_norm=False, pooled=(1,))
    assert features == 6 * 2 * 2
    assert [layer.name for layer in found] == ["conv1", "relu_conv1", "pool1", "flatten"]


def test_a_convolution_before_batch_norm_has_no_bias():
    found, _ = layers.convolutions([(6, 3, 1, 1)], (1, 4, 4), batch_norm=True)
    assert (found[0].bias, found[1].operation) == (False, "normalisation")


def test_the_last_linear_layer_has_no_activation():
    names = [layer.name for layer in layers.linears([5, 4, 3], "tanh")]
    assert names == ["linear1", "tanh_linear1", "linear2"]


@pytest.mark.parametrize("shape", [(20,), (3, 4, 9), (3, 9, 4)])
def test_an_image_too_small_or_none_is_refused(shape):
    with pytest.raises(InputError, match="at least 5x5 pixels"):
        layers.image("net", shape, smallest=5)


@pytest.mark.parametrize(
    ("operation", "name", "kind"),
    [
        ("linear", "weight", "weight"),
        ("linear", "bias", "bias"),
        ("recurrent", "weight_hh_l0", "weight"),
        ("recurrent", "bias_hh_l0_reverse", "bias"),
        ("attention", "in_proj_bias", "bias"),
        ("attention", "bias_k", "bias"),
        ("attention", "q_proj_weight", "weight"),
        ("normalisation", "bias", "norm"),
        ("other", "unbiased", "weight"),
        ("other", "shift", "weight"),
    ],
)
def test_a_bias_is_called_one_or_known_to_add(operation: str, name: str, kind: str) -> None:
    assert layers.kind(operation, name) == kind
    added = "norm" if operation == "normalisation" else "bias"
    assert layers.kind(operation, name, adds=True) == added


def test_what_remains_of_a_name_tells_a_modules_weights_apart() -> None:
    names = ("weight_ih_l0", "bias_ih_l0", "in_proj_bias", "q_proj_weight", "weight", "scale")
    assert [layers.stem(name) for name in names] == [
        "ih_l0",
        "ih_l0",
        "in_proj",
        "q_proj",
        "",
        "scale",
    ]
