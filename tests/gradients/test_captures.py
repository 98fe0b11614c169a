"""Gradients captured from torch's own layers, against plain differentiation."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_gradients import assert_equal_to_a_loop
from example_networks import CONVOLUTIONS, Unexpected, classifier, images
from gradnoise.gradients.captures import capturable, capture


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("options", CONVOLUTIONS.values(), ids=CONVOLUTIONS.keys())
@pytest.mark.parametrize("coordinates", [50, None])
def test_convolutions_of_any_geometry(options: dict, coordinates: int | None) -> None:
    model = classifier(nn.Conv2d(3, 30, **options), nn.ReLU(inplace=True), nn.Conv2d(30, 8, 2))
    model(images()[0])
    assert_equal_to_a_loop(model, *images(), coordinates=coordinates)


def test_grouped_convolutions_and_other_dimensions() -> None:
    grouped = classifier(nn.Conv2d(3, 24, 3), nn.Conv2d(24, 36, 3, groups=6, stride=2))
    grouped(images()[0])
    assert_equal_to_a_loop(grouped, *images())
    for convolution, shape in (
        (nn.Conv1d(2, 6, 3, padding=1), (2, 9)),
        (nn.Conv3d(2, 6, 2), (2, 4, 3, 5)),
    ):
        model, inputs = classifier(convolution), torch.randn(5, *shape)
        model(inputs)
        assert_equal_to_a_loop(model, inputs, torch.randint(0, 5, (5,)))


def test_linear_layers_with_extra_dimensions_and_normalisations() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inside, self.norm = nn.Linear(6, 200), nn.LayerNorm([200])
            self.batch_norm, self.outside = nn.BatchNorm1d(9), nn.Linear(200, 5)
            nn.init.normal_(self.batch_norm.running_mean)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.outside(torch.tanh(self.batch_norm(self.norm(self.inside(tokens))))).mean(1)

    assert_equal_to_a_loop(Tokens().eval(), torch.randn(6, 9, 6), torch.randint(0, 5, (6,)))


def test_only_parameters_of_known_modules_that_share_none_are_captured() -> None:
    model = Unexpected()
    found = capturable(model, [name for name, _ in model.named_parameters()])
    assert found["convolution.weight"] == (model.convolution, "weight")
    assert "frozen.bias" in found
    for name in ("one.weight", "scale", "recurrent.weight_ih_l0", "group_norm.weight"):
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
