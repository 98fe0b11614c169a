"""The three ways through a contraction, against its definition."""

import numpy as np
import pytest
import torch

from gradnoise.gradients import contractions
from gradnoise.gradients.contractions import Contraction, contract, gathered_by_torch
from gradnoise.gradients.selections import project, select


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


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
