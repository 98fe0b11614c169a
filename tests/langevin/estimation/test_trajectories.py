"""Trajectories brought to one shape."""

from typing import Any

import numpy as np
import pytest

from gradnoise.langevin.estimation.trajectories import as_replicas, centred, centred_columns


def test_every_form_becomes_replicas_of_steps_and_columns() -> None:
    path = np.arange(60.0)
    assert as_replicas(path).shape == (1, 60, 1)
    assert as_replicas(path.reshape(20, 3)).shape == (1, 20, 3)
    assert as_replicas(path.reshape(2, 10, 3)).shape == (2, 10, 3)
    assert as_replicas(np.arange(60)).dtype == np.float64
    single = path.astype(np.float32)
    assert np.shares_memory(as_replicas(single), single)


def test_columns_are_centred_about_the_mean_of_all_replicas() -> None:
    values = np.random.default_rng(0).standard_normal((3, 20, 40)).astype(np.float32)
    columns = np.array(list(centred_columns(values)))
    assert columns.shape == (40, 3, 20)
    assert np.allclose(columns.transpose(1, 2, 0), centred(values))
    assert np.abs(columns.mean(axis=(1, 2))).max() < 1e-12


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 2, 20, 2), "found shape"),
        ((5, 2), "5 steps; at least 8"),
        ((20, 0), "without any values"),
        ((20, 17), "17 columns; at most 16"),
    ],
)
def test_other_shapes_are_named(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_replicas(np.zeros(shape), widest=16)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ma.masked_less(np.arange(20.0), 3), "found 3 masked values"),
        (np.ones(20, complex), "found complex128; real numbers"),
        (["1.5"] * 20, "real numbers are needed"),
    ],
)
def test_what_is_no_real_number_is_refused(values: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"trajectory: .*{message}"):
        as_replicas(values)
