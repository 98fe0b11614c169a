"""The public function: noise against its definition, and both ways of computing it against each other."""

import copy
import doctest

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gradnoise.draws.batches import Draws
from gradnoise.model.losses.cross_entropy import cross_entropy
from gradnoise.noise import sample_noise, sampling
from toy_network import gradient, images, network, same

SAMPLINGS = ("with_replacement", "epoch_shuffle")
SIZES = (8, 12, 32, 7)  # nested, overlapping and odd; none divides the 50 samples


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("strategy", ["per_sample", "per_batch"])
def test_noise_is_the_mini_batch_gradient_minus_the_full_gradient(strategy, sampling):
    model, (inputs, targets) = network(), images()
    noise = sample_noise(
        model,
        F.cross_entropy,
        inputs,
        targets,
        SIZES,
        20,
        3,
        sampling,
        strategy=strategy,
        micro_batch=10,
    )
    full = gradient(model, inputs, targets)
    assert list(noise) == [name for name, _ in model.named_parameters()]
    draws = Draws(3, 0, sampling, 50)
    for size in SIZES:
        for batch, chosen in enumerate(draws.batches(size, 0, 20)):
            expected = gradient(model, inputs[chosen], targets[chosen])
            for name in noise:
                assert same(noise[name][size][batch], expected[name] - full[name])


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_both_ways_give_the_same_noise(sampling):
    model, (inputs, targets) = network(), images()

    def sample(strategy):
        return sample_noise(
            model, F.cross_entropy, inputs, targets, SIZES, 30, 5, sampling, 20, strategy=strategy
        )

    drawn, computed = sample("per_sample"), sample("per_batch")
    for name, sizes in drawn.items():
        for size, noise in sizes.items():
            assert noise.dtype == np.float32
            assert noise.shape == (30, min(20, dict(model.named_parameters())[name].numel()))
            assert same(noise, computed[name][size])


@pytest.mark.parametrize("strategy", ["per_sample", "per_batch"])
def test_more_sizes_and_batches_change_no_existing_noise(strategy):
    model, (inputs, targets) = network(), images()

    def sample(sizes, batches):
        return sample_noise(
            model, F.cross_entropy, inputs, targets, sizes, batches, 5, strategy=strategy
        )

    few, many = sample([8], 10), sample(SIZES, 25)
    for name in few:
        assert same(few[name][8], many[name][8][:10])


def test_epoch_noise_of_batches_that_divide_the_samples_sums_to_zero():
    model, (inputs, targets) = network(), images(48)
    noise = sample_noise(model, F.cross_entropy, inputs, targets, [12, 48], 8, 0, "epoch_shuffle")
    for sizes in noise.values():
        assert np.abs(sizes[12].reshape(2, 4, -1).sum(axis=1)).max() < 1e-6
        assert np.abs(sizes[48]).max() < 1e-6


def test_train_mode_batch_norm_takes_whole_batches_and_their_mean():
    model, (inputs, targets) = network(batch_norm=True), images()
    noise = sample_noise(model, F.cross_entropy, inputs, targets, [8, 16], 6, 2)
    for size in (8, 16):
        batches = Draws(2, 0, "with_replacement", 50).batches(size, 0, 6)
        expected = [gradient(network(batch_norm=True), inputs[b], targets[b]) for b in batches]
        for name in noise:
            rows = np.stack([each[name] for each in expected])
            assert same(noise[name][size], rows - rows.mean(axis=0))
            assert np.abs(noise[name][size].mean(axis=0)).max() < 1e-7


def test_frozen_statistics_give_nested_batch_norm_noise():
    model, (inputs, targets) = network(batch_norm=True).eval(), images()
    noise = sample_noise(
        model, F.cross_entropy, inputs, targets, [4, 8], 8, 2, strategy="per_batch"
    )
    for sizes in noise.values():
        assert same(sizes[8][:4], sizes[4].reshape(4, 2, -1).mean(axis=1))


def test_augmented_noise_shares_crops_and_flips_between_nested_sizes():
    model, (inputs, targets) = network(), images()

    def sample(augment):
        return sample_noise(
            model, F.cross_entropy, inputs, targets, [4, 8], 8, 2, augment=augment, micro_batch=3
        )

    plain, augmented = sample(False), sample(True)
    for name, sizes in augmented.items():
        assert not same(sizes[8], plain[name][8])
        # Each size's own mean is subtracted: only differences between batches compare.
        halves = sizes[4].reshape(4, 2, -1).mean(axis=1)
        assert same(np.diff(sizes[8][:4], axis=0), np.diff(halves, axis=0))
        assert np.abs(sizes[8].mean(axis=0)).max() < 1e-7


@pytest.mark.parametrize("strategy", ["per_sample", "per_batch"])
def test_model_gradients_and_random_states_are_left_as_they_were(strategy):
    model, (inputs, targets) = network(batch_norm=True), images()
    model.train(strategy == "per_batch")
    F.cross_entropy(model(inputs), targets).backward()
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    random, legacy = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    sample_noise(model, F.cross_entropy, inputs, targets, [4], 3, 0, strategy=strategy)
    assert all(torch.equal(state[name], tensor) for name, tensor in model.state_dict().items())
    assert all(
        torch.equal(before, parameter.grad)
        for before, parameter in zip(gradients, model.parameters(), strict=True)
    )
    assert model.training == (strategy == "per_batch")
    assert torch.equal(random, torch.get_rng_state())
    assert np.array_equal(legacy, np.random.get_state()[1])  # noqa: NPY002


def test_numpy_inputs_and_chosen_coordinates():
    model, (inputs, targets) = network(), images()
    every = sample_noise(model, F.cross_entropy, inputs, targets, [4], 5, 0)
    arrays = inputs.numpy(), targets.numpy()
    coordinates = {"3.weight": [7, 2]}
    chosen = sample_noise(model, F.cross_entropy, *arrays, [4], 5, 0, coordinates=coordinates)
    ((name, sizes),) = chosen.items()
    assert same(sizes[4], every[name][4][:, [7, 2]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_sizes": [51], "sampling": "epoch_shuffle"}, "at most the 50 samples"),
        ({"batch_sizes": [0]}, "batch_sizes: found 0"),
        ({"batch_sizes": []}, "batch_sizes: found"),
        ({"batch_sizes": [4, 4]}, "different sizes"),
        ({"batches": 0}, "batches: found 0"),
        ({"sampling": "shuffled"}, "sampling: found 'shuffled'"),
        ({"strategy": "fast"}, "strategy: found 'fast'"),
        ({"coordinates": {"conv": [0]}}, "unknown parameter 'conv'"),
        ({"coordinates": {"0.weight": [27]}}, "indices from 0 to 26"),
        ({"directions": 5}, "needs a store"),
        ({"augment": True, "strategy": "per_sample"}, "drawn anew"),
    ],
)
def test_impossible_requests_are_refused(arguments, message):
    inputs, targets = images()
    request = {"batch_sizes": [4], "batches": 3, "seed": 0, **arguments}
    with pytest.raises(ValueError, match=message):
        sample_noise(network(), F.cross_entropy, inputs, targets, **request)


def test_per_sample_gradients_of_train_mode_batch_norm_are_refused():
    inputs, targets = images()
    with pytest.raises(ValueError, match="BatchNorm2d"):
        sample_noise(
            network(batch_norm=True),
            F.cross_entropy,
            inputs,
            targets,
            [4],
            3,
            0,
            strategy="per_sample",
        )


class Tagger(nn.Module):
    """A class at every position from the tokens up to there."""

    def __init__(self):
        super().__init__()
        self.embed, self.recurrent = nn.Embedding(11, 4), nn.GRU(4, 5, batch_first=True)
        self.out = nn.Linear(5, 3)

    def forward(self, tokens):
        return self.out(self.recurrent(self.embed(tokens))[0])


@pytest.mark.parametrize("padded", [False, True])
def test_noise_of_sequences_is_that_of_the_mean_over_positions_that_count(padded):
    torch.manual_seed(2)
    model, tokens = Tagger(), torch.randint(0, 11, (40, 6))
    targets = torch.randint(0, 3, (40, 6))
    if padded:
        targets[torch.arange(6) > torch.arange(40)[:, None] % 6] = -100
    noise = sample_noise(model, cross_entropy, tokens, targets, [4, 9], 12, 5)
    double, weight = copy.deepcopy(model).double(), "recurrent.weight_ih_l0"
    for size in (4, 9):
        gradients = []
        for chosen in Draws(5, 0, "with_replacement", 40).batches(size, 0, 12):
            losses = -torch.log_softmax(double(tokens[chosen]), dim=-1)
            counted = targets[chosen] >= 0
            own = losses.gather(-1, targets[chosen].clamp(min=0)[..., None])[..., 0]
            mean = own[counted].sum() / counted.sum()
            (found,) = torch.autograd.grad(mean, [double.recurrent.weight_ih_l0])
            gradients.append(found.flatten().numpy())
        expected = np.array(gradients) - np.mean(gradients, axis=0)
        centred = noise[weight][size] - noise[weight][size].mean(axis=0)
        assert np.abs(centred - expected).max() < 1e-5 * np.abs(expected).max()
    if padded:
        with pytest.raises(ValueError, match=r"no mean over samples .* padding that is left out"):
            sample_noise(model, cross_entropy, tokens, targets, [4], 3, 5, strategy="per_sample")


def test_dependence_is_asked_once(monkeypatch):
    asked = []

    def dependence(model, loss, inputs, targets):
        asked.append(len(inputs))

    monkeypatch.setattr("gradnoise.gradients.verification.dependence.sample_dependence", dependence)
    inputs, targets = images()
    sample_noise(network(), F.cross_entropy, inputs, targets, [4], 3, 0, strategy="per_sample")
    assert asked == [50]


def test_the_example_in_the_documentation_holds():
    found = doctest.testmod(sampling)
    assert found.attempted > 0
    assert found.failed == 0
