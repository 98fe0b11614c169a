"""What is said of one layer, from gradients of known laws."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from gradnoise.clt.analysis import analyse, exact_distances
from gradnoise.clt.columns import ARRAYS, NUMBERS
from gradnoise.clt.exact.distance import exact_ks
from gradnoise.clt.inputs import LayerInputs
from gradnoise.clt.noise_scale import noise_scale
from gradnoise.clt.settings import Settings
from gradnoise.clt.value_classes import Values

SETTINGS = Settings(
    batch_sizes=[8, 32],
    batches=[50],
    repeats=3,
    sampling="with_replacement",
    seed=1,
    parameter="w.weight",
    exact_coordinates=6,
    distance=0.01,
    share=0.9,
)


@pytest.fixture(scope="module")
def layer() -> LayerInputs:
    random = np.random.default_rng(0)
    gradients = random.gamma(0.5, size=(600, 10)).astype(np.float32)
    gradients[:, 3] = 1.5
    values = gradients.astype(np.float64)
    centred = values - values.mean(axis=0)
    moments = {
        "mean": values.mean(axis=0),
        "variance": (centred**2).mean(axis=0),
        "third_absolute": np.abs(centred**3).mean(axis=0),
        "third": (centred**3).mean(axis=0),
        "fourth": (centred**4).mean(axis=0),
    }
    return LayerInputs(gradients, moments, np.arange(10))


def test_everything_that_is_declared_is_found(layer) -> None:
    found = analyse(layer, SETTINGS)
    assert set(found.coordinates) == {each.name for each in ARRAYS["coordinates"]}
    assert set(found.tables) == {"summary"}
    assert found.held_out is not None
    assert set(found.held_out._fields) == {
        *(each.name for each in ARRAYS["held_out"]),
        *("classes", "drawn_from"),
    }
    assert set(found.numbers) == {each.name for each in NUMBERS}
    assert found.numbers["noise_scale"] == noise_scale(layer.gradients).value
    assert found.coordinates["value_class"][0, 3] == Values.DEAD


def test_shapes_are_those_of_scipy_and_missing_for_constant_coordinates(layer) -> None:
    live = np.arange(10) != 3
    values = layer.gradients[:, live].astype(np.float64)
    assert layer.shapes["skewness"][live] == pytest.approx(stats.skew(values))
    assert layer.shapes["excess_kurtosis"][live] == pytest.approx(stats.kurtosis(values))
    assert np.isnan([each[3] for each in layer.shapes.values()]).all()


def test_rho_is_held_against_the_root_of_the_kurtosis(layer) -> None:
    numbers = analyse(layer, SETTINGS).numbers
    rho, kurtosis = layer.shapes["rho"], layer.shapes["excess_kurtosis"] + 3
    expected = np.nanpercentile(rho / np.sqrt(kurtosis), [5, 50, 95])
    names = [f"rho_over_root_kurtosis_q{q}" for q in ("05", "50", "95")]
    assert [numbers[name] for name in names] == pytest.approx(expected)
    assert numbers["inequality_violations"] == 0
    # Moments that no law has: fourth too small for the third.
    wrong = {**layer.moments, "fourth": layer.moments["fourth"] / 4}
    broken = LayerInputs(None, wrong, layer.index)
    assert analyse(broken, SETTINGS).numbers["inequality_violations"] == 9


def test_exact_distances_are_those_of_the_chosen_coordinates(layer) -> None:
    found = exact_distances(layer.gradients, SETTINGS)
    assert len(set(found.position)) == 6
    for place, coordinate in enumerate(found.position):
        expected = exact_ks(layer.gradients[:, coordinate], 32)
        assert found.distance[1, place] == pytest.approx(expected, nan_ok=True)


def test_more_exact_coordinates_keep_those_that_were_chosen(layer) -> None:
    few, many = (
        exact_distances(layer.gradients, Settings(**{**vars(SETTINGS), "exact_coordinates": count}))
        for count in (3, 7)
    )
    assert set(few.position) < set(many.position)


def test_another_layer_has_others_chosen(layer) -> None:
    """Of 40 coordinates 6 each, by the layer's name."""
    wide = np.tile(layer.gradients, 4)
    chosen = [
        exact_distances(wide, replace(SETTINGS, parameter=name, batch_sizes=[8])).position.tolist()
        for name in ("w.weight", "v.weight")
    ]
    assert chosen[0] != chosen[1]


def test_coordinates_that_never_reach_the_distance_count_in_the_batch_size_of_the_layer() -> None:
    """Coins are 0.4 / sqrt(B) away from the Gaussian, above 0.0015 for all B up to 2^16; skewed laws come nearer."""
    random = np.random.default_rng(1)
    gradients = random.gamma(2.0, size=(500, 5)).astype(np.float32)
    gradients[:, 1:3] = random.integers(0, 2, (500, 2))
    gradients[:, 4] = 0.5
    values = gradients.astype(np.float64)
    centred = values - values.mean(axis=0)
    powers = (centred**2, np.abs(centred**3), centred**3, centred**4)
    names = ("variance", "third_absolute", "third", "fourth")
    moments = {name: each.mean(axis=0) for name, each in zip(names, powers, strict=True)}
    moments["mean"] = values.mean(axis=0)
    layer = LayerInputs(gradients, moments, np.arange(5))
    settings = replace(SETTINGS, distance=0.0015, share=0.75)
    found = analyse(layer, settings)
    reached = found.coordinates["reached"]
    assert np.isinf(reached).tolist() == [False, True, True, False, False]
    assert np.isnan(reached).tolist() == [False, False, False, False, True]
    # Of four that vary, the third smallest.
    assert np.isinf(found.numbers["gaussian_batch_size"])
    half = analyse(layer, replace(settings, share=0.5)).numbers
    assert half["gaussian_batch_size"] == np.sort(reached)[1]
    assert np.isinf(half["gaussian_batch_size_upper"])


def test_without_gradients_bounds_remain(layer) -> None:
    alone = LayerInputs(None, layer.moments, layer.index)
    found = analyse(alone, SETTINGS)
    assert set(found.tables) == {"summary"}
    assert found.held_out is None
    assert "exact_distance" not in found.coordinates
    assert "noise_scale" not in found.numbers


def test_without_moments_nothing_is_said(layer) -> None:
    found = analyse(LayerInputs(None, {}, layer.index), SETTINGS)
    assert list(found.coordinates) == ["index"]
    assert not found.tables
    assert not found.numbers
