"""A layer's noise, coordinate by coordinate."""

import numpy as np
import pytest

from example_noise import COUNT, SIZES, analysis, layer
from gradnoise.errors import InputError
from gradnoise.gaussianity.analysis import describe_noise, examples
from gradnoise.gaussianity.normality import describe
from gradnoise.noise import store as noise_store


def test_first_batches_of_every_size_are_described() -> None:
    noise = layer()
    found = describe_noise(noise, [20, 60])
    for s in range(len(SIZES)):
        for k, n in enumerate((20, 60)):
            expected = describe(noise[s, :n].T)
            assert list(found) == list(expected)
            for name, values in expected.items():
                np.testing.assert_array_equal(found[name][s, k], values)
                assert found[name].dtype == values.dtype


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = describe_noise(layer(), [20, 60])
    monkeypatch.setattr(noise_store, "READ_BYTES", 4 * 60 * 7)
    for name, values in describe_noise(layer(), [60, 20]).items():
        np.testing.assert_array_equal(values[:, ::-1], whole[name])


@pytest.mark.parametrize("n", [2, 61, 5001])
def test_number_of_batches_is_checked(n: int) -> None:
    with pytest.raises(InputError, match=f"found {n}; accepted: 3 to 60"):
        describe_noise(layer(), [20, n])


def test_noise_that_is_not_finite_is_an_error() -> None:
    noise = layer()
    noise[1, 5, 7] = np.inf
    with pytest.raises(InputError, match=r"coordinate 7 .* not finite"):
        describe_noise(noise, [20])


def test_shapes_and_rows() -> None:
    found = analysis()
    assert found.coordinates["pvalue"].shape == (2, 2, 3, COUNT)
    assert found.directions["pvalue"].shape == (2, 2, 3, 10)
    assert found.summary.shape == (12,)
    rows = found.summary[["batch_size", "batches", "repeat"]].tolist()
    assert rows[:4] == [(16, 20, 1), (16, 20, 2), (16, 20, 3), (16, 60, 1)]
    assert rows[-1] == (64, 60, 3)


def test_significance_moves_the_percentages_only() -> None:
    loose, strict = analysis(significance=0.5), analysis(significance=0.01)
    assert np.all(loose.summary["percentage_testable"] < strict.summary["percentage_testable"] - 20)
    np.testing.assert_array_equal(loose.coordinates["pvalue"], strict.coordinates["pvalue"])


def test_examples_show_typical_worst_and_dead() -> None:
    found, noise = analysis(), layer(1)
    shown = examples(found.coordinates, noise, SIZES, [20, 60])
    assert [(one["role"], one["batch_size"]) for one in shown] == [
        (role, size) for size in SIZES for role in ("typical", "worst", "dead")
    ]
    for one in shown:
        size = SIZES.index(one["batch_size"])
        np.testing.assert_array_equal(one["samples"], noise[size, :, one["position"]])
        assert one["pvalue"] == found.coordinates["pvalue"][size, 1, 0, one["position"]]
    live = found.coordinates["pvalue"][0, 1, 0, 3:]
    assert shown[0]["pvalue"] == np.median(live)
    assert shown[1]["statistic"] == found.coordinates["statistic"][0, 1, 0].min()
    assert shown[2]["position"] == 0
