"""Chosen columns of stored gradients, in memory and in a scratch file."""

import os
from pathlib import Path

import numpy as np
import pytest
import zarr

from gradnoise.gradients import columns
from gradnoise.gradients.columns import read_columns, scratch_columns

N, C = 50, 21
CHOSEN = np.array([0, 3, 4, 11, 20])


@pytest.fixture
def gradients() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((N, C)).astype(np.float32)


@pytest.fixture(params=[(7, 4), (50, 21), (16, 1)])
def stored(gradients: np.ndarray, request: pytest.FixtureRequest) -> zarr.Array:
    return zarr.create_array({}, data=gradients, chunks=request.param)


@pytest.mark.parametrize("which", [CHOSEN, slice(3, 17), slice(18, 40)])
def test_columns_of_a_store_are_those_of_the_array(
    gradients: np.ndarray, stored: zarr.Array, which: slice | np.ndarray
) -> None:
    for source in (gradients, stored):
        np.testing.assert_array_equal(read_columns(source, which), gradients[:, which])


def test_a_scratch_file_gives_any_block_and_leaves_nothing(
    gradients: np.ndarray,
    stored: zarr.Array,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = gradients[:, CHOSEN]
    monkeypatch.setattr(columns, "TOGETHER", 2)
    with scratch_columns(stored, CHOSEN, tmp_path / "made") as found:
        assert found.shape == (N, 5)
        assert not list((tmp_path / "made").iterdir())  # nor would a kill leave anything
        for rows in (slice(None), slice(0, 7), slice(13, 29), slice(44, 99)):
            for part in (slice(None), slice(2, 3), slice(1, 4), slice(4, 9)):
                np.testing.assert_array_equal(found[rows, part], chosen[rows, part])


def test_a_file_that_gives_less_than_asked_for_is_asked_again(
    gradients: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("preadv", "pwritev"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda file, parts, place, real=real: real(file, [parts[0][:13]], place)
        )
    stored = zarr.create_array({}, data=gradients, chunks=(7, 4))
    with scratch_columns(stored, CHOSEN, tmp_path) as found:
        np.testing.assert_array_equal(found[5:40, :], gradients[5:40, CHOSEN])


def test_an_array_in_memory_needs_no_file(gradients: np.ndarray, tmp_path: Path) -> None:
    with scratch_columns(gradients, CHOSEN, tmp_path / "never") as found:
        np.testing.assert_array_equal(found, gradients[:, CHOSEN])
    assert not (tmp_path / "never").exists()
