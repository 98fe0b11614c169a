"""What counts as a whole number, and what is said of anything else."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from gradnoise.clt import berry_esseen_bound, exact_ks, predicted_pass_rate
from gradnoise.errors import InputError, refuse_masks, whole, wholes
from gradnoise.gradients import per_sample_gradients
from gradnoise.langevin import (
    fit_projections,
    kesten_tail_index,
    multiplicative_variance,
    without_replacement_variance,
)
from gradnoise.moments import per_sample_moments
from gradnoise.noise import sample_noise


@pytest.mark.parametrize("given", [3, np.int64(3), np.uint8(3), torch.tensor(3)])
def test_whole_numbers_of_any_kind_become_int(given: Any) -> None:
    found = whole("batches", given)
    assert found == 3
    assert type(found) is int


@pytest.mark.parametrize("given", [0, -1, 2.5, 3.0, True, np.True_, "3", None, [3, 4], np.nan])
def test_everything_else_is_refused(given: Any) -> None:
    with pytest.raises(InputError, match=r"batches: found .*; a whole number, at least 1"):
        whole("batches", given)


def test_masked_values_are_refused_and_counted() -> None:
    with pytest.raises(InputError, match="inputs: found 2 masked values"):
        refuse_masks("inputs", np.ma.masked_less(np.arange(5), 2))
    refuse_masks("inputs", np.ma.masked_array([1, 2]))


def test_zero_is_whole_where_it_is_the_least() -> None:
    assert whole("seed", 0, 0) == 0
    with pytest.raises(InputError, match="seed: found -1; a whole number, at least 0"):
        whole("seed", -1, 0)


@pytest.mark.parametrize("given", [4, [1, 16], np.array([[2.0], [3.0]]), np.uint8(7)])
def test_arrays_of_whole_numbers_become_float64(given: Any) -> None:
    found = wholes("batch_size", given)
    np.testing.assert_array_equal(found, given)
    assert found.dtype == np.float64


@pytest.mark.parametrize(
    "given", [0, [4, 2.5], True, [True, False], "16", ["4"], np.nan, np.inf, None, [3, None]]
)
def test_arrays_of_anything_else_are_refused(given: Any) -> None:
    with pytest.raises(InputError, match=r"batch_size: found .*; whole numbers, at least 1"):
        wholes("batch_size", given)


def test_masked_counts_are_refused() -> None:
    with pytest.raises(InputError, match="batch_size: found 1 masked"):
        wholes("batch_size", np.ma.masked_equal([4, 8], 8))


MODEL = torch.nn.Linear(3, 2)
DATA = MODEL, cross_entropy, torch.ones(20, 3), torch.zeros(20, dtype=torch.long)
COUNTS: dict[str, Callable[[Any], Any]] = {
    "bound": lambda value: berry_esseen_bound(1.5, value),
    "exact distance": lambda value: exact_ks([1.0, 2.0], value),
    "pass rate": lambda value: predicted_pass_rate(0.1, 0.1, value, 20),
    "pass rate's batches": lambda value: predicted_pass_rate(0.1, 0.1, 16, value),
    "Kesten's index": lambda value: kesten_tail_index(value, 0.5),
    "multiplicative variance": lambda value: multiplicative_variance(0.5, value),
    "epochs": lambda value: without_replacement_variance(64, value, 0.2, 0.1),
    "epochs' samples": lambda value: without_replacement_variance(value, 4, 0.2, 0.1),
    "lags": lambda value: fit_projections(np.ones((40, 2)), lags=value),
    "noise's sizes": lambda value: sample_noise(*DATA, [value], 3, 0),
    "noise's batches": lambda value: sample_noise(*DATA, [4], value, 0),
    "noise's repeat": lambda value: sample_noise(*DATA, [4], 3, 0, repeat=value),
    "noise's seed": lambda value: sample_noise(*DATA, [4], 3, value),
    "noise's passes": lambda value: sample_noise(*DATA, [4], 3, 0, micro_batch=value),
    "coordinates": lambda value: per_sample_gradients(*DATA, coordinates=value),
    "chosen coordinates": lambda value: per_sample_gradients(*DATA, coordinates={"weight": value}),
    "gradients' chunks": lambda value: per_sample_gradients(*DATA, chunk_size=value),
    "moments' chunks": lambda value: per_sample_moments(*DATA, chunk_size=value),
    "moments' seed": lambda value: per_sample_moments(*DATA, coordinates=2, seed=value),
}


@pytest.mark.parametrize("given", [2.5, True, "16", np.ma.masked_equal([4, 8], 8), np.nan])
@pytest.mark.parametrize("name", COUNTS)
def test_no_public_function_takes_another_kind_for_a_count(name: str, given: Any) -> None:
    with pytest.raises(InputError, match="found"):
        COUNTS[name](given)
