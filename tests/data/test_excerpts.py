from pathlib import Path

import h5py
import numpy as np
import pytest

from gradnoise.data.excerpts import read_targets
from gradnoise.errors import InputError


def test_targets_are_read_without_inputs(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["train/targets"] = np.array([1, 0, 1])
        file.attrs.create("classes", ["cat", "dog"], dtype=h5py.string_dtype())
    targets, classes = read_targets(tmp_path / "data.h5")
    assert targets.tolist() == [1, 0, 1]
    assert classes == ("cat", "dog")
    with pytest.raises(InputError, match="expected a data set"):
        read_targets(tmp_path / "nothing.h5")
