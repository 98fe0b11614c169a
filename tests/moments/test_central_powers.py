"""Power sums of gradients that are there, and of gradients formed from inputs and errors."""

from functools import partial

import numpy as np
import pytest

from example_moments import assert_close, by_definition
from gradnoise.moments.central_powers import Moments, PowerSums, run
from gradnoise.moments.kernels import POWERS, WIDTH


# One position group and several, and more groups of samples than patches that are made at a time (21 of nine positions).
@pytest.mark.parametrize(("samples", "positions"), [(11, 6), (11, 3), (95, 9)])
def test_every_way_to_add_samples_gives_the_definition_on_any_number_of_threads(
    samples: int, positions: int
) -> None:
    random = np.random.default_rng(0)
    # Skewed, and neither centred: third moments and means are not zero.
    inputs = random.gamma(2, size=(samples, 200)).astype(np.float32)
    error = random.gamma(1, size=(samples, 19, positions)).astype(np.float32) - np.float32(0.5)
    offset, base = np.arange(150), np.arange(positions)
    gradients = np.einsum("nop,nkp->nok", error, inputs[:, np.add.outer(offset, base)])
    chosen = random.choice(19 * 150, 100, replace=False)
    row, column = np.divmod(chosen, 150)
    mean = gradients.mean(axis=0, dtype=np.float64) + 1e-7  # the sums take out what is left
    bits = []
    for threads in (1, 2, 5):
        products = PowerSums.about(mean)
        run(products.products(inputs, error, offset, base), threads)
        rows = PowerSums.about(mean)
        run(rows.gradients(gradients), threads)
        some = PowerSums.about(mean[row, column][None])
        layout = np.ascontiguousarray(inputs.T), np.ascontiguousarray(error.transpose(1, 2, 0))
        run(some.chosen(*layout, offset, base, row, column), threads)
        bits.append([each.sums for each in (products, rows, some)])
        for each in (products, rows):
            assert_close(each.moments(samples), by_definition(gradients), 1e-6)
        at = by_definition(gradients[:, row, column])
        assert_close(Moments(*(moment[0] for moment in some.moments(samples))), at, 1e-6)
    for other in bits[1:]:
        for one, same in zip(bits[0], other, strict=True):
            np.testing.assert_array_equal(one, same)
    assert products.sums.shape == (19, -(-150 // WIDTH), POWERS * WIDTH)


def test_all_work_is_done_once_on_any_number_of_threads() -> None:
    for threads in (1, 2, 5):
        done: list[int] = []
        run([partial(done.append, number) for number in range(20)], threads)
        assert sorted(done) == list(range(20))
