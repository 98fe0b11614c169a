"""Random directions against their definition written out."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gradnoise.errors import InputError
from gradnoise.gradients.directions import SHARE, Directions, draw, project, sketch_by_torch

SHAPES = [(30, 20, 3, 3), (5, 2000), (2000, 5), (6001,), (1, 6000), (16, 1, 3, 3), (10,), ()]


def matrix(directions: Directions) -> NDArray[np.float32]:
    """All directions written out, float32 (size, D), from their definition."""
    if directions.dense is not None:
        return directions.dense
    bucket = np.add.outer(directions.row_bucket, directions.column_bucket) % directions.count
    sign = np.multiply.outer(directions.row_sign, directions.column_sign)
    written = np.zeros((bucket.size, directions.count), np.float32)
    written[np.arange(bucket.size), bucket.ravel()] = (
        sign.ravel() * directions.scale[bucket.ravel()]
    )
    return written


@pytest.mark.parametrize("shape", SHAPES)
def test_every_direction_has_unit_length(shape: tuple[int, ...]) -> None:
    lengths = np.linalg.norm(matrix(draw("weight", shape, 40, 0)).astype(np.float64), axis=0)
    np.testing.assert_allclose(lengths, 1, rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_projection_is_the_product_with_the_written_directions(shape: tuple[int, ...]) -> None:
    directions = draw("weight", shape, 40, 0)
    gradients = torch.randn(3, directions.rows * directions.columns)
    expected = gradients.double().numpy() @ matrix(directions).astype(np.float64)
    np.testing.assert_allclose(project(directions, gradients), expected, atol=2e-5)
    if directions.dense is None:
        np.testing.assert_allclose(sketch_by_torch(directions, gradients), expected, atol=2e-5)


def test_a_large_layer_is_shared_out_evenly_and_a_small_one_is_dense() -> None:
    large = matrix(draw("weight", (300, 170), 100, 0)) != 0
    np.testing.assert_array_equal(large.sum(axis=1), 1)  # every coordinate in one direction
    np.testing.assert_array_equal(large.sum(axis=0), 510)
    assert draw("weight", (SHARE, 100), 100, 0).dense is not None
    assert draw("weight", (SHARE + 1, 100), 100, 0).dense is None


def test_sketches_preserve_length_on_average_and_decorrelate_coordinates() -> None:
    gradient = torch.randn(1, 80 * 90)
    ratios, products = [], []
    for seed in range(200):
        directions = draw("weight", (80, 90), 40, seed)
        # Coordinates of one direction share its scale: undone, a count sketch is unbiased for the length.
        sketch = project(directions, gradient).double() / torch.from_numpy(directions.scale)
        ratios.append(float((sketch**2).sum() / (gradient.double() ** 2).sum()))
        written = matrix(directions)
        products.append(float(np.sign(written[0]) @ np.sign(written[1])))
    assert abs(np.mean(ratios) - 1) < 5 * np.std(ratios) / np.sqrt(200)
    assert abs(np.mean(products)) < 5 * np.sqrt(1 / 40 / 200)


def test_directions_depend_on_seed_and_name_alone() -> None:
    first, again = (matrix(draw("conv1.weight", (80, 90), 30, 5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert (first != matrix(draw("conv1.weight", (80, 90), 30, 6))).any()
    assert (first != matrix(draw("conv2.weight", (80, 90), 30, 5))).any()


def test_a_count_below_one_is_refused() -> None:
    with pytest.raises(InputError, match="found 0"):
        draw("weight", (3, 4), 0, 0)
