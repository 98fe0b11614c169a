"""The three ways through a contraction, against its definition."""

import numpy as np
import pytest
import torch

from gradnoise.gradients import contractions
from gradnoise.gradients.contractions import (
    Contraction,
    _cheap_as_products,
    contract,
    gathered_by_torch,
)
from gradnoise.gradients.selections import project, select


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(("chosen", "count", "products"), [(200, 20, True), (40, 5, False)])
def test_kernel_products_and_accelerator_form_agree_in_any_parts(
    monkeypatch: pytest.MonkeyPatch, chosen: int, count: int, products: bool
) -> None:
    inputs, error = torch.randn(7, 80), torch.randn(7, 30, 23)
    offset, base = np.arange(40), np.arange(23)
    contraction = Contraction(inputs, error, offset, base, 1)
    selection = select({"weight": torch.empty(30, 40)}, chosen, count, 0)["weight"]
    assert _cheap_as_products(selection, 23) is products
    gradients = torch.einsum("nop,nkp->nok", error, contraction.patches())
    expected = [project(selection, gradient) for gradient in gradients]
    ways = [gathered_by_torch(contraction, selection)]
    threads = torch.get_num_threads()
    for number in (1, 3):
        torch.set_num_threads(number)
        ways.append(contract(contraction, selection))
    torch.set_num_threads(threads)
    monkeypatch.setattr(contractions, "ELEMENTS", 5000)
    whole = select({"weight": torch.empty(30, 40)}, {"weight": range(1200)}, count, 0)["weight"]
    every = contract(contraction, whole)
    ways.append((every[0][:, torch.from_numpy(selection.coordinates)], every[1]))
    for at_coordinates, projected in ways:
        for index, (coordinates, directions) in enumerate(expected):
            torch.testing.assert_close(at_coordinates[index], coordinates, rtol=1e-5, atol=1e-5)
            torch.testing.assert_close(projected[index], directions, rtol=1e-5, atol=1e-5)
    assert torch.equal(ways[1][1], ways[2][1])


@pytest.mark.parametrize("count", [0, 5])
def test_patches_of_more_positions_than_fit_the_cache_are_taken_tile_after_tile(count: int) -> None:
    columns, positions = 300, 500
    assert columns * positions > 2 * contractions.TILE
    inputs, error = torch.randn(3, columns + positions), torch.randn(3, 12, positions)
    contraction = Contraction(inputs, error, np.arange(columns), np.arange(positions), 1)
    selection = select({"weight": torch.empty(12, columns)}, 90, count, 0)["weight"]
    assert not _cheap_as_products(selection, positions)
    found = contract(contraction, selection)
    gradients = torch.einsum("nop,nkp->nok", error, contraction.patches())
    for index, gradient in enumerate(gradients):
        for part, expected in zip(found, project(selection, gradient), strict=True):
            torch.testing.assert_close(part[index], expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("chosen", [20, 200])
def test_weights_of_a_group_meet_the_inputs_of_their_group(chosen: int) -> None:
    """Three groups of four rows and ten columns, each with inputs and errors of its own."""
    inputs, error = torch.randn(6, 40), torch.randn(6, 12, 9)
    contraction = Contraction(inputs, error, np.arange(30), np.arange(9), 3)
    selection = select({"weight": torch.empty(12, 10)}, min(chosen, 120), 5, 0)["weight"]
    patches = contraction.patches().view(6, 3, 10, 9)
    gradients = torch.einsum("ngop,ngkp->ngok", error.view(6, 3, 4, 9), patches).reshape(6, 12, 10)
    found = contract(contraction, selection)
    for index, gradient in enumerate(gradients):
        for part, expected in zip(found, project(selection, gradient), strict=True):
            torch.testing.assert_close(part[index], expected, rtol=1e-5, atol=1e-5)
    alone = select({"weight": torch.empty(12, 10)}, min(chosen, 120), 0, 0)["weight"]
    for way in (contract, gathered_by_torch):
        torch.testing.assert_close(way(contraction, alone)[0], found[0], rtol=1e-5, atol=1e-5)


def test_whole_gradients_are_formed_where_single_products_would_cost_more() -> None:
    parameters = {"weight": torch.empty(100, 1000)}

    def cheap(coordinates: int, directions: int, positions: int) -> bool:
        selection = select(parameters, coordinates, directions, 0)["weight"]
        return _cheap_as_products(selection, positions)

    # 16 positions: 100,000 x 24 against 4 x 16 x 37,500.
    assert not cheap(37_500, 0, 16)
    assert cheap(37_501, 0, 16)
    assert not cheap(35_000, 50, 16)
    assert cheap(35_001, 50, 16)
    assert not cheap(49_999, 0, 1)
