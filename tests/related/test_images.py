import numpy as np
import pytest

from gradnoise.data import embedded
from gradnoise.errors import InputError
from gradnoise.related.images import two_classes


def test_images_are_balanced_centred_and_chosen_by_the_seed() -> None:
    inputs, targets = two_classes(np.random.default_rng(1), 60)
    assert inputs.shape == (60, 49)
    assert (np.count_nonzero(targets == 1), np.count_nonzero(targets == -1)) == (30, 30)
    assert inputs.mean(axis=0) == pytest.approx(np.zeros(49), abs=1e-12)
    assert inputs.std() == pytest.approx(1, rel=1e-6)
    again, _ = two_classes(np.random.default_rng(1), 60)
    other, _ = two_classes(np.random.default_rng(2), 60)
    assert np.array_equal(inputs, again)
    assert not np.array_equal(inputs, other)


def test_targets_are_the_classes_of_their_images() -> None:
    # Shirts and pullovers differ in their means; shuffled targets would not.
    inputs, targets = two_classes(np.random.default_rng(1), 400)
    apart = inputs[targets == 1].mean(axis=0) - inputs[targets == -1].mean(axis=0)
    assert np.linalg.norm(apart) > 4 * np.sqrt(49 / 100) / np.sqrt(4)


def test_a_missing_file_is_one_line(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(embedded, "FILE", tmp_path / "none.h5")
    with pytest.raises(InputError, match=r"none\.h5: expected a complete data file"):
        two_classes(np.random.default_rng(1), 10)
