import json
import sys

import pytest
import torch
from torch import nn

from gradnoise.errors import InputError
from gradnoise.model import architectures, losses, modules
from gradnoise.model import factory as models
from gradnoise.model.__main__ import main
from gradnoise.model.checkpoints import load, save
from gradnoise.model.device import set_device

CNN = {"name": "cnn", "arguments": {"batch_norm": True}}
SHAPE = (1, 12, 12)

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

def fixed(depth):
    return nn.Sequential(nn.Flatten(), nn.Linear(144, depth), nn.ReLU(), nn.Linear(depth, 10))

def wrong_shape(outputs): return nn.Sequential(nn.Flatten(), nn.Linear(144, outputs + 1))
def wrong_inputs(outputs): return nn.Linear(7, outputs)
def no_module(): return 3
def untrainable(): return nn.Sequential(nn.Flatten(), nn.AvgPool1d(14))
def fails(): return {}["missing"]
constant = 1
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
    first = models.build(CNN, SHAPE, 10, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert torch.equal(weights_of(models.build(CNN, SHAPE, 10, seed=1)), weights_of(first))
    assert not torch.equal(weights_of(models.build(CNN, SHAPE, 10, seed=2)), weights_of(first))


@pytest.mark.parametrize("name", architectures.NAMES)
@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 37, 29)])
def test_every_network_gives_its_outputs_for_any_image_that_fits(name, shape):
    arguments = {"hidden_features": 16} if name == "alexnet_three_linear" else {}
    model = models.build({"name": name, "arguments": arguments}, shape, 7, seed=1)
    assert model(torch.zeros(2, *shape)).shape == (2, 7)


def test_the_shortcut_takes_every_second_pixel_and_pads_channels():
    silent = [nn.Conv2d(2, 6, 3, stride=2, padding=1), nn.Conv2d(6, 6, 3, padding=1)]
    for layer in silent:
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    block = modules.Residuals({"layer1": silent[0], "layer2": silent[1]})
    image = torch.rand(1, 2, 4, 4)
    expected = torch.zeros(1, 6, 2, 2)
    expected[:, 2:4] = image[:, :, ::2, ::2]
    assert torch.equal(block(image), expected)


def test_a_deep_resnet_without_batch_norm_starts_bounded():
    model = models.build({"name": "resnet56", "arguments": {"batch_norm": False}}, SHAPE, 10, 1)
    spread = model(torch.randn(16, *SHAPE)).std()
    assert 0.05 < spread < 20


def test_cross_entropy_of_equal_logits_is_log_of_classes():
    value = losses.loss("cross_entropy")(torch.zeros(4, 10), torch.arange(4))
    assert value.item() == pytest.approx(2.302585, abs=1e-6)


def test_mean_squared_error_takes_classes_as_one_hot_rows():
    loss = losses.loss("mean_squared_error")
    outputs = torch.tensor([[0.0, 2.0], [1.0, 0.0]])
    assert loss(outputs, torch.tensor([1, 0])).item() == 0.25
    assert loss(outputs, torch.tensor([[0.0, 1.0], [1.0, 0.0]])).item() == 0.25
    per_sample = torch.func.vmap(lambda o, t: loss(o.unsqueeze(0), t.unsqueeze(0)))
    assert per_sample(outputs, torch.tensor([1, 0])).tolist() == [0.5, 0.0]


def test_an_unknown_loss_or_device_names_the_known():
    with pytest.raises(InputError, match="cross_entropy, mean_squared_error"):
        losses.loss("hinge")
    with pytest.raises(InputError, match=r"auto, .*cpu"):
        set_device("tpu")
    assert set_device("cpu").type == "cpu"


def test_a_checkpoint_gives_back_weights_and_statistics_and_the_same_bytes(tmp_path):
    model = models.build(CNN, SHAPE, 10, seed=1)
    model(torch.randn(8, *SHAPE))  # moves BatchNorm's running statistics
    metadata = {"epoch": 3, "seed": 1, "model": CNN}
    for name in "ab":
        save(tmp_path / name, model.to(memory_format=torch.channels_last), metadata)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    other = models.build(CNN, SHAPE, 10, seed=2)
    assert load(tmp_path / "a", other) == metadata
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name])


def test_tied_weights_are_saved(tmp_path):
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    save(tmp_path / "tied", model, {})
    load(tmp_path / "tied", model)
    assert [p.name for p in models.describe(model)] == [n for n, _ in model.named_parameters()]


def test_a_missing_damaged_or_foreign_checkpoint_is_named(tmp_path):
    model = models.build(CNN, SHAPE, 10, seed=1)
    path = tmp_path / "epoch-1.safetensors"
    with pytest.raises(InputError, match="found none"):
        load(path, model)
    save(path, model, {})
    with pytest.raises(InputError, match="another model's"):
        load(path, models.build({"name": "linear"}, SHAPE, 10, seed=1))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="damaged"):
        load(path, model)


def test_own_model_gets_shapes_where_it_names_them(factories):
    model = models.build(own("Residual", width=4), SHAPE, 10, seed=1)
    found = models.describe(model)
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
        weights_of(model), weights_of(models.build(own("Residual", width=4), SHAPE, 10, 1))
    )
    assert models.build(own("fixed", depth=6), SHAPE, 10, seed=1)[1].out_features == 6


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
        models.build({"name": name, "arguments": arguments}, SHAPE, 10, seed=1)


def test_own_model_without_parameters_is_refused(factories):
    with pytest.raises(InputError, match="no trainable parameters"):
        models.build(own("untrainable"), (1, 12, 12), 10, seed=1)


def test_the_program_describes_a_model(factories, tmp_path, monkeypatch):
    settings = {"model": own("Residual"), "input_shape": SHAPE, "outputs": 10}
    output = tmp_path / "description.json"
    command = ["models", "--settings", json.dumps(settings), "--output", str(output)]
    monkeypatch.setattr(sys, "argv", command)
    main()
    found = architectures.from_description(json.loads(output.read_text()))
    assert found == models.describe(models.build(own("Residual"), SHAPE, 10, seed=0))
