"""Mini-batch gradients computed batch by batch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gradnoise.draws.batches import Draws
from gradnoise.errors import InputError
from gradnoise.gradients.selections import select
from gradnoise.noise.minibatches import GradientSampler
from toy_network import gradient, images, network, same


def sampler(**options):
    model, (inputs, targets) = network(), images()
    selections = select(dict(model.named_parameters()), None, 4, 0)
    draws = Draws(0, 0, "with_replacement", 50)
    return GradientSampler(model, F.cross_entropy, inputs, targets, selections, draws, **options)


def test_a_gradient_holds_the_coordinates_and_directions_of_every_parameter():
    found = sampler()
    full = gradient(found.model, found.inputs, found.targets)
    row = found.full_gradient()
    assert row.shape == (found.width,)
    assert found.width == sum(each.size + 4 for each in full.values())
    for name, (coordinates, directions) in found.columns.items():
        assert same(row[coordinates], full[name])
        assert row[directions].shape == (4,)
        assert found.parameters[name].attributes["size"] == full[name].size


@pytest.mark.parametrize("micro_batch", [7, 50, 128])
def test_a_full_gradient_weighs_samples_alike_however_many_pass_at_a_time(micro_batch):
    found = sampler(micro_batch=micro_batch)
    full = gradient(found.model, found.inputs, found.targets)
    row = found.full_gradient()
    for name, (coordinates, _) in found.columns.items():
        assert same(row[coordinates], full[name])


@pytest.mark.parametrize("undivided", [False, True])
def test_blocks_of_any_length_hold_the_same_rows_and_finished_ones_are_left_out(undivided):
    found = sampler(micro_batch=3, undivided=undivided)

    def rows(length, finished=lambda size, first: False):
        noise = np.full((2, 7, found.width), np.nan, np.float32)
        for size, first, block in found.noise([4, 6], 7, length, None, finished):
            assert np.isnan(noise[size, first : first + len(block)]).all()
            noise[size, first : first + len(block)] = block
        return noise

    whole = rows(7)
    assert np.isfinite(whole).all()
    for size, batch_size in enumerate([4, 6]):
        chosen = found.draws.batches(batch_size, 0, 7)[6]
        expected = gradient(found.model, found.inputs[chosen], found.targets[chosen])
        assert same(whole[size, 6, found.columns["0.weight"][0]], expected["0.weight"])
    assert np.array_equal(whole, rows(2))
    part = rows(2, lambda size, first: (size, first) != (1, 2))
    assert np.array_equal(part[1, 2:4], whole[1, 2:4])
    assert np.isnan(np.delete(part.reshape(14, -1), [9, 10], axis=0)).all()


def test_gradients_that_are_not_finite_are_named():
    model, (inputs, targets) = network(), images()
    draws = Draws(0, 0, "with_replacement", 50)
    third = draws.batches(4, 3, 4)[0]
    spoiled = next(sample for sample in third if sample not in draws.batches(4, 0, 3))
    inputs[spoiled] = np.inf
    selections = select(dict(model.named_parameters()), None, 0, 0)
    sampler = GradientSampler(model, F.cross_entropy, inputs, targets, selections, draws)
    with pytest.raises(InputError, match=r"0\.weight is not finite in batch 3 of batch size 4"):
        list(sampler.noise([4], 8, 2, np.zeros(sampler.width)))
    with pytest.raises(InputError, match="not finite in full gradient"):
        sampler.full_gradient()


def test_what_a_model_draws_itself_is_another_in_every_batch_size_and_repeat():
    """Samples that are all the same: gradients differ by the masks of dropout alone."""
    model = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(40, 2)).train()
    inputs, targets = torch.ones(30, 40), torch.zeros(30, dtype=torch.int64)
    selections = select(dict(model.named_parameters()), None, 0, 0)

    def rows(repeat, **options):
        draws = Draws(3, repeat, "with_replacement", 30)
        found = GradientSampler(
            model, F.cross_entropy, inputs, targets, selections, draws, undivided=True, **options
        )
        blocks = {size: block for size, _, block in found.noise([2, 3], 6, 6, None)}
        return np.concatenate([blocks[0], blocks[1]])

    first, second = rows(1), rows(2)
    both = np.concatenate([first, second])
    assert len(np.unique(both, axis=0)) == 2 * 2 * 6
    assert np.array_equal(first, rows(1))


def test_augmentation_needs_images():
    with pytest.raises(InputError, match="images are needed"):
        GradientSampler(
            network(),
            F.cross_entropy,
            torch.zeros(5, 3),
            torch.zeros(5),
            {},
            Draws(0, 0, "with_replacement", 5),
            True,
        )
