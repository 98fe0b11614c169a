import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_networks import CONVOLUTIONS, Centred, Unexpected, classifier, images
from gradnoise.errors import InputError
from gradnoise.gradients import contractions
from gradnoise.gradients.captures import Loss
from gradnoise.gradients.contractions import Contraction, contract, gathered_by_torch
from gradnoise.gradients.dependence import sample_dependence
from gradnoise.gradients.per_sample import per_sample_gradients
from gradnoise.gradients.selections import project, select


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def gathered(model, loss, inputs, targets, selections, chunk_size=None):
    parts = {name: ([], []) for name in selections}
    for _, _, rows in per_sample_gradients(model, loss, inputs, targets, selections, chunk_size):
        for name, row in rows.items():
            for part, values in zip(parts[name], row, strict=True):
                part.append(values)
    return {name: tuple(np.concatenate(part) for part in both) for name, both in parts.items()}


def assert_equal_to_a_loop(
    model: nn.Module,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    loss: Loss = F.cross_entropy,
    coordinates: int | None = 50,
) -> None:
    """Every sample by plain differentiation, to 1e-5 of the parameter's largest value."""
    named = dict(model.named_parameters())
    selections = select(named, coordinates, 12, 3)
    found = gathered(model, loss, inputs, targets, selections, chunk_size=4)
    assert list(found) == list(named)
    expected: dict[str, list[torch.Tensor]] = {name: [] for name in named}
    for index in range(len(inputs)):
        single = slice(index, index + 1)
        total = loss(model(inputs[single]), targets[single])
        gradients = torch.autograd.grad(total, list(named.values()), materialize_grads=True)
        for name, gradient in zip(named, gradients, strict=True):
            expected[name].append(gradient)
    for name, gradients in expected.items():
        largest = float(torch.stack(gradients).abs().max())
        for index, gradient in enumerate(gradients):
            for part, exact in zip(found[name], project(selections[name], gradient), strict=True):
                error = np.abs(part[index] - exact.numpy()).max()
                assert error <= 1e-5 * largest, (name, index)


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


def test_regression_and_losses_of_several_outputs() -> None:
    model = nn.Sequential(nn.Linear(4, 50), nn.Tanh(), nn.Linear(50, 3))
    inputs, targets = torch.randn(6, 4), torch.randn(6, 3)
    assert_equal_to_a_loop(model, inputs, targets, F.mse_loss)

    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other = nn.Linear(4, 3), nn.Linear(4, 3)

        def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return self.one(inputs), self.other(inputs)

    def loss(outputs: tuple[torch.Tensor, torch.Tensor], targets: torch.Tensor) -> torch.Tensor:
        scale = 1.0 if float(targets.detach().sum()) > 0 else 2.0  # cannot be vectorised
        return scale * F.mse_loss(outputs[0] * outputs[1], targets)

    assert_equal_to_a_loop(Pair(), inputs, targets, loss)


def test_weights_used_in_unexpected_ways() -> None:
    model = Unexpected()
    for parameter in model.frozen.parameters():
        parameter.requires_grad_(True)  # the loop of the test differentiates them
    assert_equal_to_a_loop(model, *images(6, 6))
    model.frozen.requires_grad_(False)
    names = ["frozen.weight"]
    selections = select(dict(model.named_parameters()), None, 3, 0, names)
    assert (
        np.abs(gathered(model, F.cross_entropy, *images(3, 6), selections)[names[0]][0]).max() > 0
    )
    assert not model.frozen.weight.requires_grad


def test_a_leading_axis_that_only_looks_like_the_samples() -> None:
    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 40), nn.Linear(40, 5)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.second(self.first(tokens.transpose(0, 1)).transpose(0, 1).mean(1))

    assert_equal_to_a_loop(Turned(), torch.randn(8, 4, 3), torch.randint(0, 5, (8,)))


@pytest.mark.parametrize(
    "model",
    [Centred(), Centred(random=True), nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5))],
    ids=["centred", "random", "batch norm"],
)
def test_samples_that_depend_on_their_batch_are_refused(model: nn.Module) -> None:
    data = torch.randn(9, 4), torch.randint(0, 5, (9,))
    selections = select(dict(model.named_parameters()), None, 0, 0)
    assert sample_dependence(model, F.cross_entropy, *data) is not None
    with pytest.raises(InputError, match="per-sample gradients do not exist"):
        gathered(model, F.cross_entropy, *data, selections)


def test_gradients_that_are_not_finite_name_sample_and_parameter() -> None:
    model, inputs = nn.Linear(4, 5), torch.randn(20, 4)
    inputs[13, 2] = torch.inf
    selections = select(dict(model.named_parameters()), None, 3, 0, ["weight"])
    with pytest.raises(InputError, match=r"weight is not finite for sample 13 \(samples 8 to 15\)"):
        gathered(model, F.cross_entropy, inputs, torch.zeros(20, dtype=torch.long), selections, 8)


def test_the_model_is_left_as_it_was_and_a_start_gives_the_same_rows() -> None:
    model, (inputs, targets) = classifier(nn.Conv2d(3, 4, 3)), images(10)
    model(inputs)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random_state = torch.get_rng_state()
    selections = select(dict(model.named_parameters()), 20, 5, 0)
    whole = gathered(model, F.cross_entropy, inputs, targets, selections, 5)
    rest = list(
        per_sample_gradients(model, F.cross_entropy, inputs, targets, selections, 5, start=5)
    )
    assert [(first, last) for first, last, _ in rest] == [(5, 10)]
    for name, both in rest[0][2].items():
        for part, complete in zip(both, whole[name], strict=True):
            np.testing.assert_array_equal(part, complete[5:])
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random_state)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not model[0]._forward_hooks


def test_kernel_and_accelerator_form_agree_in_any_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, error = torch.randn(7, 80), torch.randn(7, 30, 23)
    offset, base = np.arange(40), np.arange(23)
    contraction = Contraction(inputs, error, offset, base, 1)
    selection = select({"weight": torch.empty(30, 40)}, 200, 20, 0)["weight"]
    gradients = torch.einsum("nop,nkp->nok", error, contraction.patches())
    expected = [project(selection, gradient) for gradient in gradients]
    ways = [gathered_by_torch(contraction, selection)]
    threads = torch.get_num_threads()
    for count in (1, 3):
        torch.set_num_threads(count)
        ways.append(contract(contraction, selection))
    torch.set_num_threads(threads)
    monkeypatch.setattr(contractions, "ELEMENTS", 5000)
    whole = select({"weight": torch.empty(30, 40)}, {"weight": range(1200)}, 20, 0)["weight"]
    every = contract(contraction, whole)
    ways.append((every[0][:, torch.from_numpy(selection.coordinates)], every[1]))
    for chosen, projected in ways:
        for index, (coordinates, directions) in enumerate(expected):
            torch.testing.assert_close(chosen[index], coordinates, rtol=1e-5, atol=1e-5)
            torch.testing.assert_close(projected[index], directions, rtol=1e-5, atol=1e-5)
    assert torch.equal(ways[1][1], ways[2][1])
