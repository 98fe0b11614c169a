"""What counts as a whole number, and what is said of anything else."""

from typing import Any

import numpy as np
import pytest
import torch

from gradnoise.errors import InputError, refuse_masks, whole


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
