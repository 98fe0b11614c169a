import numpy as np
import pytest

from example_chain import Asked, noted
from example_data import describe, read, save
from gradnoise.errors import InputError


def test_subset_is_balanced_seeded_and_nested():
    small, large = (read({"subset": size}).train for size in (103, 503))
    assert sorted(np.bincount(small.targets)) == [10] * 7 + [11] * 3
    kept = {image.tobytes() for image in large.inputs}
    assert all(image.tobytes() in kept for image in small.inputs)
    other = read({"subset": 103, "seed": 1}).train
    assert not np.array_equal(small.inputs, other.inputs)
    assert describe({"subset": 103}).train_samples == 103


def test_every_class_and_either_split_is_drawn_from_a_stream_of_its_own(tmp_path):
    settings = save(
        tmp_path / "x.npz", inputs=np.arange(180.0)[:, None], targets=np.arange(180) % 3
    )
    asked: list[Asked] = []
    with noted("data", asked):
        source = read(settings | {"subset": 60, "test_fraction": 0.3, "standardise": False})
    assert len({each.key for each in asked}) == len(asked) == 3 + 3
    # Of each class others are chosen, a third of them for the test.
    assert np.bincount(source.test.targets).tolist() == [18, 18, 18]
    chosen = [source.train.inputs[source.train.targets == k, 0] // 3 for k in range(3)]
    assert [len(each) for each in chosen] == [20, 20, 20]
    assert not any(np.array_equal(chosen[0], each) for each in chosen[1:])


def test_subset_beyond_a_class_is_named(tmp_path):
    targets = np.array([0] * 50 + [1] * 5)
    arrays = {"test_inputs": np.ones((2, 2)), "test_targets": np.array([0, 1])}
    settings = save(tmp_path / "x.npz", inputs=np.ones((55, 2)), targets=targets, **arrays)
    message = (
        "found 5 training samples of class 1; expected at least 10 for a balanced subset of 20"
    )
    for function in (read, describe):
        with pytest.raises(InputError, match=message):
            function(settings | {"subset": 20})


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1e-6])
def test_impossible_test_fraction_is_named(tmp_path, fraction):
    settings = save(tmp_path / "x.npz", inputs=np.ones((10, 2)), targets=np.arange(10) % 2)
    with pytest.raises(InputError, match=r"x.npz: found .*test_fraction"):
        read(settings | {"test_fraction": fraction})
