"""The loss along lines."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gradnoise.curvature.objective import Objective, flatten
from gradnoise.trajectory import slices


def regression() -> Objective:
    """A loss that is a parabola along every line."""
    model = nn.Linear(4, 1, bias=False)
    inputs = torch.randn(200, 4, generator=torch.Generator().manual_seed(3))
    return Objective(model, F.mse_loss, inputs, inputs[:, :1], flatten(model))


def test_the_potential_along_an_eigenvector_is_its_parabola() -> None:
    loss = regression()
    vector = np.zeros((1, 4), np.float32)
    vector[0, 2] = 1
    distances, losses = slices.lines(loss, 0.5, vector, np.array([0.1]), slices.POTENTIAL)
    fitted = np.polyfit(distances[0], losses[0], 2)
    # The L2 penalty adds to the curvature.
    assert fitted[0] == pytest.approx(float(loss.inputs[:, 2].square().mean()) + 0.25, rel=1e-3)
    wide, _ = slices.lines(loss, 0.5, vector, np.array([0.1]), slices.BASIN)
    assert np.allclose(wide[0], 0.1 * slices.BASIN)


def test_basins_lie_along_principal_directions_in_descending_order() -> None:
    vectors = np.eye(4, dtype=np.float32)[:2]
    random = np.random.default_rng(0)
    # Eigenvectors' coordinates whose principal directions are the diagonals, deviations 3 and 1.
    turn = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
    recorded = random.standard_normal((20_000, 2)) * [3, 1] @ turn
    found = slices.measure(regression(), 0.0, vectors, recorded)
    assert np.sqrt(found["basin_variance"]) == pytest.approx([3, 1], rel=0.03)
    assert found["basin_distance"][:, -1] == pytest.approx(
        np.sqrt(found["basin_variance"]) * slices.BASIN[-1]
    )
    assert found["slice_distance"][:, -1] == pytest.approx(
        recorded.std(axis=0, ddof=1) * slices.POTENTIAL[-1]
    )


def test_a_direction_along_which_nothing_moves_has_a_flat_line() -> None:
    recorded = np.stack([np.linspace(-1, 1, 50), np.zeros(50)], axis=1)
    found = slices.measure(regression(), 0.0, np.eye(4, dtype=np.float32)[:2], recorded)
    assert np.ptp(found["slice_loss"][1]) < 1e-6
    assert np.isfinite(found["basin_loss"]).all()


def test_every_basin_is_along_the_direction_of_its_variance() -> None:
    """Most motion along the steep input: the first basin is the steep one, of the mean square of that input."""
    flat = regression()
    scaled = flat.inputs * torch.tensor([1.0, 1.0, 3.0, 1.0])
    loss = Objective(flat.model, F.mse_loss, scaled, scaled[:, :1], flat.position)
    vectors = np.eye(4, dtype=np.float32)[[0, 2]]
    recorded = np.random.default_rng(1).standard_normal((5000, 2)) * [0.5, 2.0]
    found = slices.measure(loss, 0.0, vectors, recorded)
    assert found["basin_variance"] == pytest.approx([4, 0.25], rel=0.1)
    lines = zip(found["basin_distance"], found["basin_loss"], strict=True)
    curvatures = [np.polyfit(distance, losses, 2)[0] for distance, losses in lines]
    squares = scaled.square().mean(dim=0).tolist()
    assert curvatures == pytest.approx([squares[2], squares[0]], rel=0.02)
