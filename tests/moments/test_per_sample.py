"""The public function: moments of any model in hand, against their definition in float64."""

import doctest

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_moments import assert_close, by_definition, per_sample
from example_networks import CONVOLUTIONS, Centred, Unexpected, classifier, images
from gradnoise.model.loss import Loss
from gradnoise.moments import Moments, per_sample_moments
from gradnoise.moments import per_sample as module


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def assert_by_definition(
    model: nn.Module,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    loss: Loss = F.cross_entropy,
    chunk_size: int = 5,
    verify: bool = True,
) -> None:
    """All coordinates, and few of them, which take another way through the kernels.

    Without the proof nothing takes a slower way in silence where the fast one is wrong.
    """
    expected = {
        name: by_definition(each) for name, each in per_sample(model, loss, inputs, targets).items()
    }
    found = per_sample_moments(model, loss, inputs, targets, chunk_size=chunk_size, verify=verify)
    assert list(found) == list(expected)
    for name, each in found.items():
        assert_close(each, expected[name])
    few = {name: [each.mean.size - 1, 0] for name, each in expected.items()}
    sampled = per_sample_moments(model, loss, inputs, targets, few, chunk_size, verify=verify)
    for name, each in sampled.items():
        at = Moments(*(moment.reshape(-1)[few[name]] for moment in expected[name]))
        scale = Moments(*(np.abs(moment).max() for moment in expected[name]))
        for field in Moments._fields:
            error = np.abs(getattr(each, field) - getattr(at, field)).max()
            assert error <= 1e-5 * getattr(scale, field), (name, field)


@pytest.mark.parametrize("options", CONVOLUTIONS.values(), ids=CONVOLUTIONS.keys())
def test_convolutions_of_any_geometry(options: dict) -> None:
    model = classifier(nn.Conv2d(3, 10, **options), nn.Tanh(), nn.Conv2d(10, 8, 2))
    model(images()[0])
    assert_by_definition(model, *images(11), verify=False)


def test_grouped_convolutions_and_other_dimensions() -> None:
    grouped = classifier(nn.Conv2d(3, 24, 3), nn.Tanh(), nn.Conv2d(24, 36, 3, groups=6, stride=2))
    grouped(images()[0])
    assert_by_definition(grouped, *images(), verify=False)
    for convolution, shape in (
        (nn.Conv1d(20, 6, 3, padding=1), (20, 9)),
        (nn.Conv3d(6, 6, 2, dilation=(1, 2, 1)), (6, 4, 3, 5)),
    ):
        model, inputs = classifier(convolution), torch.randn(6, *shape)
        model(inputs)
        assert_by_definition(model, inputs, torch.randint(0, 5, (6,)), verify=False)


def test_linear_layers_and_normalisations() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inside, self.norm = nn.Linear(40, 70), nn.LayerNorm([70])
            self.batch_norm, self.outside = nn.BatchNorm1d(9), nn.Linear(70, 5)
            nn.init.normal_(self.batch_norm.running_mean)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.outside(torch.tanh(self.batch_norm(self.norm(self.inside(tokens))))).mean(1)

    tokens = torch.randn(6, 9, 40), torch.randint(0, 5, (6,))
    assert_by_definition(Tokens().eval(), *tokens, verify=False)
    model = nn.Sequential(nn.Linear(130, 65), nn.Tanh(), nn.Linear(65, 3))
    regression = torch.randn(13, 130), torch.randn(13, 3)
    assert_by_definition(model, *regression, F.mse_loss, verify=False)


def test_weights_used_in_unexpected_ways() -> None:
    model = Unexpected()
    for parameter in model.frozen.parameters():
        parameter.requires_grad_(True)
    assert_by_definition(model, *images(6, 6))
    model.frozen.requires_grad_(False)
    found = per_sample_moments(model, F.cross_entropy, *images(3, 6))
    assert "frozen.weight" not in found
    assert "unused.weight" in found
    assert not found["unused.weight"].fourth.any()


def test_a_mean_a_hundred_deviations_away() -> None:
    """Raw moments in float32 give a kurtosis of 63 here, where it is 3 (science.md, section 2.2)."""
    random = np.random.default_rng(0)
    drawn = (100 + random.standard_gamma(4, (20_000, 33)) / 2).astype(np.float32)
    samples = torch.from_numpy(drawn)
    # The gradient of weight k is input k itself, since the loss is the output.
    model = nn.Linear(33, 1, bias=False)
    found = per_sample_moments(model, lambda out, _: out.mean(), samples, torch.zeros(20_000))
    exact = by_definition(drawn)
    kurtosis = found["weight"].fourth[0] / found["weight"].variance[0] ** 2
    np.testing.assert_allclose(kurtosis, exact.fourth / exact.variance**2, rtol=1e-5)
    skewness = found["weight"].third[0] / found["weight"].variance[0] ** 1.5
    np.testing.assert_allclose(skewness, exact.third / exact.variance**1.5, rtol=1e-5)
    single = (drawn.astype(np.float32) ** np.arange(1, 5)[:, None, None]).sum(
        axis=1, dtype=np.float32
    ) / np.float32(20_000)
    raw = (
        single[3] - 4 * single[0] * single[2] + 6 * single[0] ** 2 * single[1] - 3 * single[0] ** 4
    )
    assert np.abs(raw / exact.variance**2 - kurtosis).max() > 1  # why the powers are central


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_no_power_underflows(scale: float) -> None:
    model = nn.Sequential(nn.Linear(40, 8), nn.Tanh(), nn.Linear(8, 3))
    inputs, targets = torch.randn(50, 40), torch.randint(0, 3, (50,))
    plain = per_sample_moments(model, F.cross_entropy, inputs, targets)
    scaled = per_sample_moments(
        model, lambda out, target: scale * F.cross_entropy(out, target), inputs, targets
    )
    for name, each in plain.items():
        powers = Moments(*(scale**power for power in (1, 2, 3, 3, 4)))
        expected = Moments(*(a * b for a, b in zip(each, powers, strict=True)))
        assert_close(scaled[name], expected, 1e-4)


def test_constant_gradients_have_no_moments_but_the_mean() -> None:
    model = nn.Linear(2, 1)
    inputs = torch.full((301, 2), 0.1)
    found = per_sample_moments(model, lambda out, _: out.mean(), inputs, torch.zeros(301))
    np.testing.assert_allclose(found["weight"].mean, 0.1, rtol=1e-6)
    assert not np.stack(found["weight"][1:]).any()
    assert not np.stack(found["bias"][1:]).any()


def test_chosen_coordinates_are_those_of_all() -> None:
    model = classifier(nn.Conv2d(3, 40, 3), nn.Tanh(), nn.Conv2d(40, 30, 3, padding=1))
    (inputs, targets) = images(9)
    model(inputs)
    whole = per_sample_moments(model, F.cross_entropy, inputs, targets)
    chosen = {"0.weight": [5, 0, 1079], "2.weight": list(range(9000)), "2.bias": [3]}
    found = per_sample_moments(model, F.cross_entropy, inputs, targets, chosen)
    assert list(found) == list(chosen)
    for name, each in found.items():
        expected = Moments(*(moment.reshape(-1)[chosen[name]] for moment in whole[name]))
        assert_close(each, expected)
    drawn = per_sample_moments(model, F.cross_entropy, inputs, targets, 100, seed=3)
    assert {each.mean.shape for each in drawn.values()} == {(100,), (40,), (30,), (5,)}
    other = per_sample_moments(model, F.cross_entropy, inputs, targets, 100, seed=4)
    assert not np.array_equal(drawn["2.weight"].mean, other["2.weight"].mean)


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5)),
        nn.Sequential(nn.Linear(4, 5), nn.Dropout(0.5)),
        Centred(),
    ],
    ids=["batch norm", "dropout", "centred"],
)
def test_where_per_sample_gradients_do_not_exist_the_error_says_what_to_do(
    model: nn.Module,
) -> None:
    with pytest.raises(ValueError, match=r"do not exist.*model\.eval\(\)"):
        per_sample_moments(model, F.cross_entropy, torch.randn(9, 4), torch.randint(0, 5, (9,)))


def test_bad_input_is_refused() -> None:
    model, inputs = nn.Linear(4, 5), torch.randn(20, 4)
    targets = torch.zeros(20, dtype=torch.long)
    for wrong in (targets[:3], targets[:0]):
        with pytest.raises(ValueError, match="as many targets as inputs"):
            per_sample_moments(model, F.cross_entropy, inputs, wrong)
    with pytest.raises(ValueError, match="unknown parameter"):
        per_sample_moments(model, F.cross_entropy, inputs, targets, {"other": [1]})
    inputs[13, 2] = torch.inf
    with pytest.raises(ValueError, match="weight is not finite for sample 13"):
        per_sample_moments(model, F.cross_entropy, inputs, targets)


def test_the_model_is_left_as_it_was_and_repeats_its_bits() -> None:
    model, (inputs, targets) = classifier(nn.Conv2d(3, 9, 4), nn.BatchNorm2d(9)), images(10)
    model(inputs)
    model[0].weight.requires_grad_(False)
    model[0].bias.grad = torch.ones(9)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random_state = torch.get_rng_state()
    once = per_sample_moments(model, F.cross_entropy, inputs.numpy(), targets.numpy())
    again = per_sample_moments(model, F.cross_entropy, inputs, targets)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random_state)
    assert not model.training
    assert "0.weight" not in once
    assert torch.equal(model[0].bias.grad, torch.ones(9))
    assert all(each.grad is None for each in model[1].parameters())
    for name, each in once.items():
        np.testing.assert_array_equal(np.stack(each), np.stack(again[name]))


def test_the_example_in_the_documentation_holds() -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
