import random

import numpy as np
import pytest
import torch
from torch import nn

from gradnoise.errors import InputError
from gradnoise.gradients.dependence import batch_dependence
from gradnoise.gradients.selections import project, select
from gradnoise.model.preservation import preserved


def parameters() -> dict[str, torch.Tensor]:
    return {"weight": torch.randn(20, 30), "bias": torch.randn(20)}


def test_all_a_number_or_given_coordinates_are_selected() -> None:
    everything = select(parameters(), None, 0, 1)
    assert [len(each.coordinates) for each in everything.values()] == [600, 20]
    drawn = select(parameters(), 100, 0, 1)
    assert [len(each.coordinates) for each in drawn.values()] == [100, 20]
    assert (np.diff(drawn["weight"].coordinates) > 0).all()
    given = select(parameters(), {"weight": [7, 3]}, 0, 1)
    assert list(given) == ["weight"]
    np.testing.assert_array_equal(given["weight"].coordinates, [7, 3])


def test_a_selection_does_not_depend_on_what_else_is_selected() -> None:
    both = select(parameters(), 10, 5, 1)
    alone = select(parameters(), 10, 5, 1, ["weight"])
    assert list(alone) == ["weight"]
    np.testing.assert_array_equal(both["weight"].coordinates, alone["weight"].coordinates)
    assert (
        both["weight"].coordinates != select(parameters(), 10, 5, 2)["weight"].coordinates
    ).any()


@pytest.mark.parametrize(
    ("coordinates", "names", "message"),
    [
        (0, None, "found 0"),
        ({"weight": [600]}, None, "0 to 599"),
        ({"weight": []}, None, "0 to 599"),
        ({"wieght": [1]}, None, "wieght"),
        (None, ["biass"], "the model has weight, bias"),
    ],
)
def test_impossible_selections_are_refused(coordinates, names, message) -> None:
    with pytest.raises(InputError, match=message):
        select(parameters(), coordinates, 0, 1, names)


def test_projection_takes_the_chosen_coordinates() -> None:
    selection = select(parameters(), {"weight": [5, 599, 0]}, 7, 1)["weight"]
    gradient = torch.randn(20, 30)
    chosen, projected = project(selection, gradient)
    assert torch.equal(chosen, gradient.flatten()[[5, 599, 0]])
    assert projected.shape == (7,)
    assert project(select(parameters(), 3, 0, 1)["weight"], gradient)[1].shape == (0,)


def test_model_and_random_states_are_left_as_they_were() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout())
    model[2].eval()
    model[0].bias.requires_grad_(False)
    model(torch.randn(5, 4)).sum().backward()

    def state() -> list[torch.Tensor]:
        gradients = [each.grad for each in model.parameters() if each.grad is not None]
        return [each.clone() for each in (*model.parameters(), *model.buffers(), *gradients)]

    def drawn() -> tuple[float, float, float]:
        states = torch.get_rng_state(), np.random.get_state(), random.getstate()  # noqa: NPY002
        numbers = float(torch.rand(())), float(np.random.rand()), random.random()  # noqa: NPY002
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        random.setstate(states[2])
        return numbers

    before, numbers = state(), drawn()
    flags = [module.training for module in model.modules()]

    def disturb() -> None:
        with preserved(model):
            model.train().requires_grad_(True)
            model(torch.randn(5, 4)).sum().backward()
            model[1].running_mean = torch.ones(4)
            nn.init.zeros_(model[0].weight)
            np.random.seed(3)  # noqa: NPY002
            random.random()
            model.zero_grad()
            raise KeyError

    with pytest.raises(KeyError):
        disturb()
    assert all(torch.equal(one, other) for one, other in zip(before, state(), strict=True))
    assert [module.training for module in model.modules()] == flags
    assert [each.requires_grad for each in model.parameters()] == [True, False, True, True]
    assert drawn() == numbers


@pytest.mark.parametrize(
    ("module", "why"),
    [
        (nn.BatchNorm1d(3), "statistics of the batch"),
        (nn.BatchNorm1d(3).eval(), None),
        (nn.BatchNorm1d(3, track_running_stats=False).eval(), "statistics of the batch"),
        (nn.Dropout(0.5), "at random"),
        (nn.Dropout(0.5).eval(), None),
        (nn.Dropout(0.0), None),
        (nn.LSTM(3, 3, num_layers=2, dropout=0.1), "at random"),
        (nn.LayerNorm(3), None),
    ],
)
def test_dependence_on_the_batch_is_named(module: nn.Module, why: str | None) -> None:
    found = batch_dependence(nn.Sequential(nn.Linear(3, 3), module))
    assert found is None if why is None else why in str(found) and found.startswith("1 (")
