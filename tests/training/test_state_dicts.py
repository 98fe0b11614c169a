import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from gradnoise.errors import InputError
from gradnoise.training.state_dicts import fit, read


class Layers(nn.Module):
    """A convolution with BatchNorm, and a linear layer behind."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.head = nn.Linear(2, 3)


@pytest.fixture
def model():
    torch.manual_seed(5)
    model = Layers()
    for tensor in model.state_dict().values():
        tensor.copy_(torch.arange(tensor.numel()).view(tensor.shape) + tensor.numel())
    return model


@pytest.fixture
def other():
    torch.manual_seed(6)
    return Layers()


def taken(path, model):
    """The other model with what is in a file, as the training stage loads it."""
    state = fit(read(path), model, path)
    model.load_state_dict(state)
    return model.state_dict()


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def prefixed(state, prefix):
    return {prefix + name: tensor for name, tensor in state.items()}


@pytest.mark.parametrize(
    "saved",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3, "arch": "layers"},
        lambda state: {"model": state, "optimizer": {"state": {0: {}}, "param_groups": [{}]}},
        lambda state: prefixed(state, "module."),
        lambda state: {"net": prefixed(state, "module._orig_mod.")},
        lambda state: prefixed(state, "model."),
        lambda state: (
            {name: tensor.double() for name, tensor in state.items() if tensor.ndim}
            | {name: tensor for name, tensor in state.items() if not tensor.ndim}
        ),
    ],
    ids=["plain", "state_dict", "model", "module.", "both prefixes", "model.", "float64"],
)
def test_wrappers_prefixes_and_precision_are_taken_off(tmp_path, model, other, saved):
    torch.save(saved(model.state_dict()), tmp_path / "1.pt")
    found = taken(tmp_path / "1.pt", other)
    assert same(found, model.state_dict())
    assert found["conv.weight"].dtype == torch.float32


def test_safetensors_are_read(tmp_path, model, other):
    save_file(prefixed(model.state_dict(), "module."), tmp_path / "1.safetensors")
    assert same(taken(tmp_path / "1.safetensors", other), model.state_dict())


def test_a_model_whose_names_begin_with_module_keeps_them(tmp_path):
    inner = nn.Sequential()
    inner.module = nn.Linear(2, 1)
    torch.save(prefixed(inner.state_dict(), "module."), tmp_path / "1.pt")
    found = fit(read(tmp_path / "1.pt"), inner, tmp_path / "1.pt")
    assert list(found) == ["module.weight", "module.bias"]
    torch.save(inner.state_dict(), tmp_path / "2.pt")
    assert list(fit(read(tmp_path / "2.pt"), inner, tmp_path / "2.pt")) == list(found)


def test_counters_of_batches_may_lack(tmp_path, model, other):
    state = {n: t for n, t in model.state_dict().items() if n != "norm.num_batches_tracked"}
    torch.save(state, tmp_path / "1.pt")
    assert taken(tmp_path / "1.pt", other)["norm.num_batches_tracked"] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conv.weight": torch.zeros(2, 1, 5, 5)}, r"conv.weight of shape \(2, 1, 5, 5\) for \(2, 1, 3, 3\)$"),
        ({"conv.bias": None}, r"another model's: no conv.bias$"),
        ({"conv.scale": torch.zeros(2)}, r"another model's: unknown conv.scale$"),
        ({"head.bias": torch.zeros(3, dtype=torch.int64)}, r"head.bias in torch.int64 for torch.float32$"),
        (
            {"a": torch.zeros(1), "b": torch.zeros(1), "c": torch.zeros(1), "d": torch.zeros(1)},
            r"unknown a, unknown b, unknown c and 1 more$",
        ),
        ({"head.weight": torch.full((3, 2), float("nan"))}, r"not finite in head.weight$"),
        ({"head.bias": torch.tensor([0, 1, float("inf")])}, r"not finite in head.bias$"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_model_is_one_line(tmp_path, model, change, message):
    state = {n: t for n, t in {**model.state_dict(), **change}.items() if t is not None}
    torch.save(state, tmp_path / "1.pt")
    with pytest.raises(InputError, match=message) as raised:
        fit(read(tmp_path / "1.pt"), model, tmp_path / "1.pt")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("saved", "message"),
    [
        (lambda model: model, r"found UnpicklingError on reading it as tensors alone"),
        (lambda model: {"a": model.state_dict(), "ema": model.state_dict()}, r"a and ema are state dicts; accepted: one"),
        (lambda model: {"epoch": 3, "loss": 0.5}, r"found a mapping with epoch, loss; accepted"),
        (lambda model: [1, 2], r"found list; accepted"),
        (lambda model: {}, r"found dict; accepted"),
    ],
)  # fmt: skip
def test_what_is_no_state_dict_is_one_line(tmp_path, model, saved, message):
    torch.save(saved(model), tmp_path / "1.pt")
    with pytest.raises(InputError, match=message) as raised:
        read(tmp_path / "1.pt")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["1.pt", "1.safetensors"])
def test_a_missing_or_damaged_file_is_one_line(tmp_path, model, name):
    path = tmp_path / name
    with pytest.raises(InputError, match="found none"):
        read(path)
    (save_file if name.endswith("s") else torch.save)(model.state_dict(), path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"damaged|on reading it as tensors alone"):
        read(path)


def test_nothing_in_a_file_is_executed(tmp_path):
    class Trap:
        def __reduce__(self):
            return (exec, (f"open({str(tmp_path / 'sprung')!r}, 'w')",))

    torch.save({"state_dict": Trap()}, tmp_path / "1.pt")
    with pytest.raises(InputError, match="UnpicklingError"):
        read(tmp_path / "1.pt")
    assert not (tmp_path / "sprung").exists()
