import numpy as np
import pytest

from example_data import describe, publish, read, settings_of
from gradnoise.data import catalogue
from gradnoise.data.entry import Description
from gradnoise.errors import InputError


def test_default_is_the_balanced_subset_that_comes_along(tmp_path):
    data = publish({}, tmp_path / "x.h5")
    assert data.train_inputs.shape == (10_000, 1, 28, 28)
    assert data.test_inputs.shape == (2_000, 1, 28, 28)
    assert (np.bincount(data.train_targets) == 1_000).all()
    assert (np.bincount(data.test_targets) == 200).all()
    assert data.classes[9] == "Ankle boot"
    assert data.train_inputs.dtype == np.float32
    assert data.train_targets.dtype == np.int64
    assert abs(data.train_inputs.mean()) < 1e-5
    assert data.train_inputs.std() == pytest.approx(1, abs=1e-5)
    described = describe({})
    assert described == Description((1, 28, 28), 10, 10_000)
    assert data.input_shape == described.input_shape


def test_published_subset_in_another_state_is_refused(tmp_path):
    copy = tmp_path / "subset.h5"
    content = bytearray(catalogue.input_files(settings_of({}))[0].read_bytes())
    content[1_000_000] ^= 1
    copy.write_bytes(content)
    with pytest.raises(InputError, match=r"subset.h5: found SHA-256 .* expected"):
        read({"path": str(copy)})
