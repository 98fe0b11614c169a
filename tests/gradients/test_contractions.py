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
