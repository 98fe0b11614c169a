"""Every series is sorted once and handed out once, whatever the blocks and threads."""

import numpy as np
import pytest

from gradnoise import series, stage
from gradnoise.series import as_rows, over_sorted_blocks


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("block", [1, 4 * 50 * 40, 1 << 19])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_row_is_sorted_and_seen_once(
    monkeypatch: pytest.MonkeyPatch, threads: int, block: int, order: str
) -> None:
    monkeypatch.setattr(stage, "available_threads", lambda: threads)
    monkeypatch.setattr(series, "BLOCK_BYTES", block)
    rows = np.random.default_rng(0).standard_normal((101, 50)).astype(np.float32)
    rows = np.asarray(rows, order=order)
    before, seen = rows.copy(), np.zeros(101, int)
    found = np.empty_like(rows)

    def work(sorted_rows: np.ndarray, where: slice) -> None:
        seen[where] += 1
        found[where] = sorted_rows
        sorted_rows[:] = 0  # scratch memory: this must change nothing

    over_sorted_blocks(rows, work)
    np.testing.assert_array_equal(seen, 1)
    np.testing.assert_array_equal(found, np.sort(before, axis=1))
    np.testing.assert_array_equal(rows, before)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_rows_are_the_series_along_the_axis(axis: int) -> None:
    samples = np.arange(24.0).reshape(2, 3, 4)
    rows, shape = as_rows(samples, axis)
    moved = np.moveaxis(samples, axis, -1)
    assert shape == moved.shape[:-1]
    np.testing.assert_array_equal(rows, moved.reshape(-1, moved.shape[-1]))


def test_types() -> None:
    assert as_rows(np.zeros((2, 3), np.float32), -1)[0].dtype == np.float32
    assert as_rows(np.zeros((2, 3), np.float16), -1)[0].dtype == np.float64
    assert as_rows([[True, False]], -1)[0].dtype == np.float64
    with pytest.raises(TypeError, match="complex128"):
        as_rows(np.zeros(3, complex), -1)
    with pytest.raises(ValueError, match="scalar"):
        as_rows(3.0, -1)


def test_what_a_mask_hides_is_left_out() -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    masked = np.ma.masked_where(values % 4 == values // 4 % 2, values)
    rows, shape = as_rows(masked, -1)
    assert shape == (2, 3)
    assert rows.tolist() == [
        [1, 2, 3],
        [4, 6, 7],
        [9, 10, 11],
        [12, 14, 15],
        [17, 18, 19],
        [20, 22, 23],
    ]
    turned, _ = as_rows(np.moveaxis(masked, -1, 0), 0)
    np.testing.assert_array_equal(turned, rows)
    listed, _ = as_rows([*masked[0]], 1)
    np.testing.assert_array_equal(listed, rows[:3])
    assert as_rows(np.ma.masked_array([1.0, 2.0]), 0)[0].tolist() == [[1, 2]]


def test_masks_that_leave_different_lengths_are_refused() -> None:
    values = np.ma.masked_less(np.arange(12.0).reshape(3, 4), 2)
    with pytest.raises(ValueError, match="2 to 4 samples; equal numbers are needed"):
        as_rows(values, -1)
