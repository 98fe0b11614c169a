"""Which way every parameter's samples take into the sums."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_moments import assert_close, by_definition, per_sample
from gradnoise.gradients.selections import select
from gradnoise.gradients.verification.problem import Problem
from gradnoise.gradients.verification.proof import total_gradient
from gradnoise.gradients.verification.ways import Way
from gradnoise.model.preservation import Kept
from gradnoise.moments.accumulation import Accumulator, ChunkSums, summed_selection
from gradnoise.moments.central_powers import run
from gradnoise.moments.streaming import streamed_moments


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_all_coordinates_are_summed_where_most_are_chosen() -> None:
    parameters = {"weight": torch.empty(10, 20)}
    few = select(parameters, {"weight": range(100)}, 0, 0)["weight"]
    most = select(parameters, {"weight": range(101)}, 5, 0)["weight"]
    assert len(summed_selection(few).coordinates) == 100
    assert len(summed_selection(most).coordinates) == 200
    assert summed_selection(most).directions is None


@pytest.mark.parametrize("captured", [True, False])
@pytest.mark.parametrize("coordinates", [None, 30])
def test_work_adds_a_chunk_whichever_way_it_takes(captured: bool, coordinates: int | None) -> None:
    model = nn.Sequential(nn.Linear(40, 8), nn.Tanh(), nn.Linear(8, 5))
    inputs, targets = torch.randn(11, 40), torch.randint(0, 5, (11,))
    rows = per_sample(model, F.cross_entropy, inputs, targets)
    selections = select(dict(model.named_parameters()), coordinates, 0, 0)
    accumulators = {}
    for name, selection in selections.items():
        summed = summed_selection(selection)
        mean = rows[name].reshape(11, -1).mean(axis=0)[summed.coordinates]
        accumulators[name] = Accumulator.about(selection, summed, torch.from_numpy(mean))
    problem = Problem(model, F.cross_entropy, Kept(model))
    found = ChunkSums(problem, accumulators, selections)
    if not captured:
        found.proven.ways = dict.fromkeys(selections, Way.VECTORISED)
    plain = total_gradient(problem, inputs, targets, list(selections), torch.ones(11))
    for work in found.work(inputs, targets, plain.at(selections)):
        run(work, 1)
    assert bool(found.slow) is not captured
    for name, each in accumulators.items():
        chosen = rows[name].reshape(11, -1)[:, selections[name].coordinates]
        assert_close(each.moments(11), by_definition(chosen))


@pytest.mark.parametrize("coordinates", [None, 30])
def test_grouped_convolutions_are_summed_like_any_other(coordinates: int | None) -> None:
    """As wide as the kernels take other layers: groups of 4 channels times 9 pixels."""
    model = nn.Sequential(
        nn.Conv2d(8, 6, 3, groups=2), nn.Tanh(), nn.Flatten(), nn.Linear(6 * 9, 3)
    )
    inputs, targets = torch.randn(9, 8, 5, 5), torch.randint(0, 3, (9,))
    selections = select(dict(model.named_parameters()), coordinates, 0, 0)
    found = streamed_moments(model, F.cross_entropy, inputs, targets, selections, verify=False)
    rows = per_sample(model, F.cross_entropy, inputs, targets)
    for name, selection in selections.items():
        chosen = rows[name].reshape(9, -1)[:, selection.coordinates]
        assert_close(found[name], by_definition(chosen))
