"""What of a parameter is selected, and how a gradient is projected on it."""

import numpy as np
import pytest
import torch
from torch import nn

from gradnoise.errors import InputError
from gradnoise.gradients.parameters import count_values
from gradnoise.gradients.selections import project, select, stored_parameters


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


@pytest.mark.parametrize("convert", [np.asarray, torch.as_tensor, np.ndarray.tolist])
def test_a_mask_selects_where_it_is_true(convert) -> None:
    mask = np.arange(600).reshape(20, 30) % 7 == 3
    given = select(parameters(), {"weight": convert(mask)}, 0, 1)["weight"].coordinates
    np.testing.assert_array_equal(given, np.arange(3, 600, 7))
    assert given.dtype == np.int64


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
        (2.5, None, "coordinates: found 2.5; a whole number"),
        (True, None, "coordinates: found True; a whole number"),
        ("all", None, "coordinates: found 'all'; a whole number"),
        ([1, 2], None, r"coordinates: found \[1, 2\]; a whole number"),
        ({"weight": [1.0, 2.0]}, None, "a boolean mask of 600 values"),
        ({"weight": ["1", "2"]}, None, "a boolean mask of 600 values"),
        ({"weight": 3}, None, "found 3; accepted are one or more flat indices"),
        ({"weight": [True, False]}, None, "a boolean mask of 600 values"),
        ({"weight": np.zeros(600, bool)}, None, "a boolean mask of 600 values"),
        ({"weight": np.ma.masked_equal([1, 2], 2)}, None, "found 1 masked values"),
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


def test_what_is_stored_describes_the_parameter() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    selections = select(dict(model.named_parameters()), 5, 3, 0, ["1.weight", "0.bias"])
    stored = stored_parameters(model, selections)
    assert list(stored) == ["1.weight", "0.bias"]
    assert stored["1.weight"].counts == (5, 3)
    assert stored["1.weight"].attributes["size"] == 8
    assert stored["0.bias"].attributes["layer"] == "0"
    assert count_values(stored) == 5 + 3 + 4 + 3
