"""The compiled loops, tile by tile."""

import numpy as np
import pytest

from gradnoise.moments.kernels import POWERS, TOGETHER, WIDTH, add_gradients, finish


@pytest.mark.parametrize("samples", [1, TOGETHER, 2 * TOGETHER + 3])
@pytest.mark.parametrize("columns", [1, WIDTH, WIDTH + 5])
def test_tiles_of_any_filling_give_the_power_sums(samples: int, columns: int) -> None:
    random = np.random.default_rng(0)
    gradients = random.standard_normal((samples, 2, columns)).astype(np.float32)
    blocks = -(-columns // WIDTH)
    centre = random.standard_normal((2, blocks, WIDTH))
    sums = np.zeros((2, blocks, POWERS * WIDTH))
    add_gradients(gradients, centre, sums, 0, 2 * blocks)
    flat = sums.reshape(2, blocks, POWERS, WIDTH).transpose(2, 0, 1, 3).reshape(POWERS, 2, -1)
    deviation = gradients - centre.reshape(2, -1)[:, :columns]
    powers = deviation, deviation**2, abs(deviation) ** 3, deviation**3, deviation**4
    for found, expected in zip(flat[..., :columns], powers, strict=True):
        np.testing.assert_allclose(found, expected.sum(axis=0), rtol=1e-12, atol=1e-12)


def test_what_is_left_of_the_mean_is_taken_out_and_rounding_counts_as_none() -> None:
    values = np.array([[1.0, 5.0], [2.0, 5.0], [6.0, 5.0]], np.float32).reshape(3, 1, 2)
    centre, sums = np.zeros((1, 1, WIDTH)), np.zeros((1, 1, POWERS * WIDTH))
    centre[0, 0, :2] = 2.9, 5.0  # the mean is 3
    add_gradients(values, centre, sums, 0, 1)
    moments = np.zeros((POWERS, 1, 2))
    finish(centre, sums, 3, 2, moments, 0, 1)
    np.testing.assert_allclose(moments[:2, 0], [[3, 5], [14 / 3, 0]], rtol=1e-12)
    np.testing.assert_allclose(moments[3:, 0], [[6, 0], [98 / 3, 0]], rtol=1e-12)
