"""Gradients captured from torch's own layers, against plain differentiation."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_gradients import assert_equal_to_a_loop, by_definition
from example_networks import CONVOLUTIONS, Attending, Unexpected, classifier, images
from gradnoise.gradients.captures.calls import capture
from gradnoise.gradients.captures.kinds import capturable, obstacles
from gradnoise.gradients.selections import select
from gradnoise.gradients.verification.problem import Problem, measuring
from gradnoise.gradients.verification.ways import ProvenGradients, Way
from gradnoise.model.preservation import preserved
from gradnoise.moments import per_sample_moments


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("options", CONVOLUTIONS.values(), ids=CONVOLUTIONS.keys())
@pytest.mark.parametrize("coordinates", [50, None])
def test_convolutions_of_any_geometry(options: dict, coordinates: int | None) -> None:
    model = classifier(nn.Conv2d(3, 30, **options), nn.ReLU(inplace=True), nn.Conv2d(30, 8, 2))
    model(images()[0])
    assert_equal_to_a_loop(model, *images(), coordinates=coordinates, verify=False)
    assert captured(model, *images()) == {name for name, _ in model.named_parameters()}


def test_grouped_convolutions_and_other_dimensions() -> None:
    grouped = classifier(nn.Conv2d(3, 24, 3), nn.Conv2d(24, 36, 3, groups=6, stride=2))
    grouped(images()[0])
    assert_captured(grouped, *images())
    for convolution, shape in (
        (nn.Conv1d(2, 6, 3, padding=1), (2, 9)),
        (nn.Conv3d(2, 6, 2), (2, 4, 3, 5)),
    ):
        model, inputs = classifier(convolution), torch.randn(5, *shape)
        model(inputs)
        assert_captured(model, inputs, torch.randint(0, 5, (5,)))


def test_linear_layers_with_extra_dimensions_and_normalisations() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inside, self.norm = nn.Linear(6, 200), nn.LayerNorm([200])
            self.batch_norm, self.outside = nn.BatchNorm1d(9), nn.Linear(200, 5)
            nn.init.normal_(self.batch_norm.running_mean)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.outside(torch.tanh(self.batch_norm(self.norm(self.inside(tokens))))).mean(1)

    tokens = torch.randn(6, 9, 6), torch.randint(0, 5, (6,))
    assert_equal_to_a_loop(Tokens().eval(), *tokens, verify=False)


def test_only_parameters_of_known_modules_that_share_none_are_captured() -> None:
    model = Unexpected()
    found = capturable(model, [name for name, _ in model.named_parameters()])
    assert found["convolution.weight"] == (model.convolution, "weight")
    assert "frozen.bias" in found
    for name in ("one.weight", "scale", "recurrent.weight_ih_l0"):
        assert name not in found


def test_a_capture_gives_every_call_and_leaves_the_model_alone() -> None:
    shared = nn.Linear(4, 4)
    model = nn.Sequential(shared, nn.Tanh(), shared, nn.Linear(4, 5))
    inputs, targets = torch.randn(6, 4), torch.randint(0, 5, (6,))
    found, given = capture(model, F.cross_entropy, inputs, targets, [shared])
    calls = found[shared]
    assert len(calls) == 2
    torch.testing.assert_close(calls[0].inputs, inputs)
    outputs = model(inputs)
    torch.testing.assert_close(given, outputs)
    (error,) = torch.autograd.grad(F.cross_entropy(outputs, targets, reduction="sum"), outputs)
    torch.testing.assert_close(calls[1].error, error @ model[3].weight)
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert not shared._forward_hooks


def captured(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> set[str]:
    """Parameters whose rows come from captures, after the proof of all samples in one chunk."""
    selections = select(dict(model.named_parameters()), 50, 12, 3)
    with preserved(model) as kept, measuring():
        found = ProvenGradients(Problem(model, F.cross_entropy, kept), selections)
        found.rows(inputs, targets)
    return {name for name, way in found.ways.items() if way is Way.CAPTURED}


def assert_captured(
    model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, but: frozenset[str] = frozenset()
) -> None:
    """All but the named ones by captures, and right, at few and at all coordinates, in rows and in moments."""
    assert captured(model, inputs, targets) == {name for name, _ in model.named_parameters()} - but
    for coordinates in (7, None):
        assert_equal_to_a_loop(model, inputs, targets, coordinates=coordinates, verify=bool(but))
    exact = by_definition(model, F.cross_entropy, inputs, targets)
    for coordinates in (7, None):
        found = per_sample_moments(model, F.cross_entropy, inputs, targets, coordinates, seed=3)
        chosen = select(dict(model.named_parameters()), coordinates, 0, 3)
        for name, each in exact.items():
            rows = each.flatten(1).double()[:, chosen[name].coordinates]
            centred = rows - rows.mean(0)
            scale = float(rows.abs().max()) ** 2
            error = torch.from_numpy(found[name].variance.ravel()) - (centred**2).mean(0)
            assert float(error.abs().max()) < 1e-4 * scale, name


def sequences(count: int = 9, length: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(count, length, 4), torch.randint(0, 5, (count,))


@pytest.mark.parametrize("shape", [(9,), (9, 7), (9, 3, 4)], ids=str)
@pytest.mark.parametrize("size", [11, 400], ids=["dense directions", "sketch"])
@pytest.mark.parametrize("padding", [None, 2])
def test_embeddings_of_any_tokens(shape: tuple[int, ...], size: int, padding: int | None) -> None:
    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.out = nn.Embedding(size, 4, padding_idx=padding), nn.Linear(4, 5)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.out(torch.tanh(self.embed(tokens)).flatten(1, -2).mean(1))

    class Word(Words):
        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.out(torch.tanh(self.embed(tokens)))

    # Of five tokens many meet again in a sequence; the third is padding.
    tokens = torch.randint(0, 5, shape)
    assert_captured(Word() if len(shape) == 1 else Words(), tokens, torch.randint(0, 5, (9,)))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"max_norm": 0.5}, "changes the weights"),
        ({"scale_grad_by_freq": True}, "how often a token"),
    ],
)
def test_embeddings_that_a_capture_does_not_explain_go_slowly_and_say_why(
    options: dict, why: str
) -> None:
    model = nn.Sequential(nn.Embedding(8, 4, **options), nn.Flatten(), nn.Linear(20, 5))
    assert list(capturable(model, ["0.weight", "2.weight"])) == ["2.weight"]
    assert why in obstacles(model, ["0.weight", "2.weight"])["0.weight"]
    tokens, targets = torch.randint(0, 8, (9, 5)), torch.randint(0, 5, (9,))
    if "max_norm" in options:
        assert captured(model, tokens, targets) == {"2.weight", "2.bias"}
        assert_equal_to_a_loop(model, tokens, targets)


@pytest.mark.parametrize(
    ("norm", "shape"),
    [
        (nn.RMSNorm(6), (9, 3, 6)),
        (nn.RMSNorm([3, 6], eps=0.1), (9, 3, 6)),
        (nn.LayerNorm([3, 6], eps=0.1), (9, 3, 6)),
        (nn.LayerNorm(6, bias=False), (9, 2, 3, 6)),
        (nn.GroupNorm(2, 6), (9, 6, 4, 3)),
        (nn.GroupNorm(3, 6, eps=0.1), (9, 6)),
        (nn.InstanceNorm1d(6, affine=True), (9, 6, 5)),
        (nn.InstanceNorm2d(6, affine=True, eps=0.1), (9, 6, 4, 3)),
        (nn.InstanceNorm2d(6, affine=True, track_running_stats=True).eval(), (9, 6, 4, 3)),
        (nn.InstanceNorm3d(6, affine=True), (9, 6, 4, 3, 2)),
        (nn.BatchNorm1d(6).eval(), (9, 6)),
        (nn.BatchNorm2d(6).eval(), (9, 6, 4, 3)),
    ],
    ids=str,
)
def test_normalisations(norm: nn.Module, shape: tuple[int, ...]) -> None:
    for each in [*norm.parameters(), *norm.buffers()]:
        if each.is_floating_point():
            nn.init.uniform_(each, 0.5, 2)
    model = nn.Sequential(norm, nn.Tanh(), nn.Flatten(), nn.LazyLinear(5))
    inputs = torch.randn(shape)
    model(inputs)
    assert_captured(model, inputs, torch.randint(0, 5, (9,)))


ATTENTION: dict[str, dict[str, Any]] = {
    "self": {},
    "self, time first": {"first": False},
    "cross": {"cross": True},
    "cross, time first": {"cross": True, "first": False},
    "other sizes": {"cross": True, "kdim": 5, "vdim": 7},
    "other sizes, time first, no bias": {
        **{"cross": True, "first": False, "kdim": 5, "vdim": 7, "bias": False}
    },
    "zero": {"add_zero_attn": True},
}


@pytest.mark.parametrize("options", ATTENTION.values(), ids=ATTENTION.keys())
def test_projections_of_attention(options: dict[str, Any]) -> None:
    assert_captured(Attending(**options).eval(), *sequences())


def test_attention_that_adds_keys_is_captured_but_for_them() -> None:
    added = frozenset({"attention.bias_k", "attention.bias_v"})
    assert_captured(Attending(cross=True, add_bias_kv=True), *sequences(), but=added)


@pytest.mark.parametrize("first", [True, False])
def test_transformers_are_captured_in_either_order_of_axes(first: bool) -> None:
    class Transformer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(12, 4)
            layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=first)
            self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.out = nn.Linear(4, 5)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            padded = tokens == 0
            words = self.embed(tokens if first else tokens.t())
            mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1])
            found = self.encoder(words, mask, padded.float().where(~padded, -torch.inf))
            return self.out(found.mean(1 if first else 0))

    tokens = torch.randint(0, 12, (9, 6))
    tokens[:, 0] = 3  # something to attend to
    assert_captured(Transformer().eval(), tokens, torch.randint(0, 5, (9,)))


class Louder(nn.MultiheadAttention):
    """A subclass with another forward."""

    def forward(self, query: torch.Tensor, *others: torch.Tensor, **options: Any) -> Any:
        return super().forward(2 * query, *others, **options)


def test_attention_of_another_forward_or_projection_is_not_captured() -> None:
    model, data = Attending(), sequences()
    model.attention = Louder(4, 2, batch_first=True)
    assert captured(model, *data) == {"out.weight", "out.bias"}
    assert_equal_to_a_loop(model, *data)
    model = Attending()
    kind = type("Own", (nn.Linear,), {})
    model.attention.out_proj = kind(4, 4)
    assert captured(model, *data) == {"out.weight", "out.bias"}
    model = Attending()
    plain = model.attention.forward
    model.attention.forward = lambda query, *others: plain(2 * query, *others)
    assert captured(model, *data) == {"out.weight", "out.bias"}
    assert_equal_to_a_loop(model, *data)


def test_a_capture_leaves_attention_alone() -> None:
    model, (inputs, targets) = Attending(), sequences()
    before = set(vars(model.attention))
    found, outputs = capture(model, F.cross_entropy, inputs, targets, [model.attention])
    torch.testing.assert_close(outputs, model(inputs))
    assert set(vars(model.attention)) == before
    (call,) = found[model.attention]
    assert call.error.shape == (9, 6, 12)
    assert all(each.requires_grad for each in model.parameters())


def test_a_sequence_without_an_axis_of_samples_is_left_to_torch() -> None:
    class Alone(Attending):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return self.out(self.attention(inputs, inputs, inputs)[0])

    # Samples attend to one another: no gradient of one alone exists.
    model, inputs = Alone(), torch.randn(9, 4)
    found, _ = capture(model, F.cross_entropy, inputs, torch.zeros(9).long(), [model.attention])
    assert found[model.attention] == []
