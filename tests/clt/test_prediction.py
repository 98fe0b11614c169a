"""Passes predicted from one half of the samples, measured on batches of the other."""

from typing import Literal

import numpy as np
import pytest
from scipy import stats

from example_chain import Asked, noted
from gradnoise.clt.columns import GROUPS
from gradnoise.clt.held_out import (
    SERIES,
    blocks,
    held_out,
    lattice_pvalues,
    shape_of_columns,
    shapes_without_groups,
)
from gradnoise.clt.pass_rate import predicted_pass_rate
from gradnoise.clt.prediction import Prediction, apply_level, predict, same_samples
from gradnoise.clt.settings import Design
from gradnoise.clt.value_classes import Values, frequencies
from gradnoise.draws.batches import Draws
from gradnoise.draws.streams import Stream, generator

DESIGN = Design([16, 64], [100, 200], 4, "with_replacement", 3)


LEVEL = 0.05


def foretold(gradients: np.ndarray, design: Design, name: str, level: float = LEVEL) -> Prediction:
    return apply_level(held_out(gradients, design, name), design, level)


def test_lattices_fail_through_their_ties() -> None:
    coin = np.repeat([0.0, 1.0], 500)
    random = np.random.default_rng(0)
    assert np.mean(lattice_pvalues(coin, 64, 600, random) >= LEVEL) <= 0.05
    passed = np.mean(lattice_pvalues(coin, 64, 200, random) >= LEVEL)
    assert passed == pytest.approx(0.71, abs=0.15)


def test_predictions_do_not_depend_on_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    gradients = np.random.default_rng(1).gamma(0.5, size=(500, 140)).astype(np.float32)
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        found.append(foretold(gradients, DESIGN, "weight"))
    np.testing.assert_array_equal(found[0].passed, found[1].passed)
    np.testing.assert_array_equal(found[0].predicted, found[1].predicted)


def test_of_many_samples_fewer_columns_are_looked_at_and_nothing_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gradients = np.random.default_rng(6).gamma(0.5, size=(300, 20)).astype(np.float32)
    gradients[:, 4] = gradients[:, 4] > 1
    assert [each.stop for each in blocks(300, 32_768)] == [128, 256, 300]
    assert [each.stop for each in blocks(300, 32_769)] == [96, 192, 288, 300]
    whole = foretold(gradients, DESIGN, "weight")
    monkeypatch.setattr("gradnoise.clt.held_out.BLOCK_VALUES", 300 * 7)
    monkeypatch.setattr("gradnoise.clt.held_out.SHAPED", 4)
    narrow = foretold(gradients, DESIGN, "weight")
    for name in ("predicted", "passed", "testable", "classes"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(narrow, name))
    np.testing.assert_allclose(whole.error, narrow.error, rtol=1e-9)


def test_shapes_of_columns_agree_with_scipy() -> None:
    columns = np.random.default_rng(2).gamma(0.7, size=(400, 5)).astype(np.float32)
    columns[:, 2] = 1.0
    skewness, kurtosis = shape_of_columns(columns)
    live = [0, 1, 3, 4]
    values = columns[:, live].astype(np.float64)
    assert skewness[live] == pytest.approx(stats.skew(values))
    assert kurtosis[live] == pytest.approx(stats.kurtosis(values))
    assert np.isnan([skewness[2], kurtosis[2]]).all()


def test_only_continuous_coordinates_are_predicted_from_cumulants() -> None:
    classes = np.array([[Values.CONTINUOUS, Values.LATTICE, Values.SPARSE, Values.DEAD]] * 2, "i1")
    found = predict(np.zeros(4), np.zeros(4), classes, DESIGN, 1000, LEVEL)
    assert found[..., 0] == pytest.approx(np.full((2, 2), 0.95))
    assert np.isnan(found[..., 1:]).all()


def test_without_replacement_batches_larger_than_the_samples_have_no_prediction() -> None:
    design = Design([16, 64], [100], 1, "epoch_shuffle", 3)
    found = predict(np.zeros(1), np.zeros(1), np.zeros((2, 1), np.int8), design, 40, LEVEL)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def halves(samples: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    order = generator(DESIGN.seed, Stream.HALVES, name).permutation(samples)
    return np.sort(order[: samples // 2]), np.sort(order[samples // 2 :])


def test_batches_are_of_the_other_half_and_of_draws_of_their_own() -> None:
    gradients = np.random.default_rng(7).gamma(0.3, size=(300, 3)).astype(np.float32)
    found = foretold(gradients, DESIGN, "weight")
    drawn = gradients[halves(300, "weight")[1]].astype(np.float64)
    for repeat in range(DESIGN.repeats):
        passed = {}
        for stream in (Stream.HELD_OUT, Stream.DRAWS):
            draws = Draws(DESIGN.seed, repeat + 1, "with_replacement", 150, stream)
            means = drawn[draws.batches(64, 0, 200)].mean(axis=1).astype(np.float32)
            pvalues = [stats.shapiro(column).pvalue for column in means.T]
            passed[stream] = np.array(pvalues) >= 0.05
        np.testing.assert_array_equal(found.passed[1, 1, repeat], passed[Stream.HELD_OUT])
    assert found.testable.all()


def test_noise_that_does_not_vary_is_not_testable() -> None:
    gradients = np.random.default_rng(7).gamma(0.3, size=(3000, 3)).astype(np.float32)
    gradients[:, 0] = 2.5
    drawn = halves(3000, "weight")[1]
    gradients[:, 1] = 0
    gradients[drawn[5], 1] = 1.0  # in one sample of those that batches are drawn from
    found = foretold(gradients, DESIGN, "weight")
    assert not found.testable[..., 0].any()
    assert found.testable[..., 2].all()
    for repeat in range(DESIGN.repeats):
        draws = Draws(DESIGN.seed, repeat + 1, "with_replacement", 1500, Stream.HELD_OUT)
        for s, size in enumerate(DESIGN.batch_sizes):
            for k, n in enumerate(DESIGN.batches):
                hits = (draws.batches(size, 0, n) == 5).sum(axis=1)
                assert found.testable[s, k, repeat, 1] == (hits.min() < hits.max())
    assert 0 < found.testable[0, 0, :, 1].sum() < DESIGN.repeats


def test_layers_of_equal_shape_are_simulated_apart() -> None:
    gradients = np.random.default_rng(4).integers(0, 6, (400, 12)).astype(np.float32)
    one, other = (foretold(np.sort(gradients, axis=0), DESIGN, name) for name in ("a", "b"))
    same = foretold(np.sort(gradients, axis=0), DESIGN, "a")
    np.testing.assert_array_equal(one.predicted, same.predicted)
    assert (one.predicted != other.predicted).any()


def test_shapes_without_a_group_are_those_of_the_others() -> None:
    columns = np.random.default_rng(2).gamma(0.7, size=(411, 4)).astype(np.float32) + 20
    columns[:, 2] = 1.0
    live = [0, 1, 3]
    for group, (skewness, kurtosis) in enumerate(shapes_without_groups(columns)):
        rest = columns[np.arange(411) % GROUPS != group][:, live].astype(np.float64)
        assert skewness[live] == pytest.approx(stats.skew(rest), rel=1e-6)
        assert kurtosis[live] == pytest.approx(stats.kurtosis(rest), rel=1e-6)
        assert np.isnan([skewness[2], kurtosis[2]]).all()
    assert group == GROUPS - 1


def test_error_of_a_prediction_is_its_scatter_over_samples() -> None:
    means, errors = [], []
    for seed in range(40):
        # Coordinates share their samples' scale, so that their errors do not average out.
        random = np.random.default_rng(seed)
        scale = np.exp(0.5 * random.standard_normal((1200, 1)))
        gradients = (scale * random.gamma(0.5, size=(1200, 30))).astype(np.float32)
        found = foretold(gradients, Design([64], [200], 1, "with_replacement", seed), "w")
        means.append(found.predicted.mean())
        errors.append(found.error.item())
    assert np.mean(errors) == pytest.approx(np.std(means, ddof=1), rel=0.4)


def test_simulated_predictions_have_the_error_of_their_simulation() -> None:
    gradients = np.tile(np.arange(4), 500)[:, None].astype(np.float32)
    found = foretold(gradients, Design([64], [200], 1, "with_replacement", 1), "w")
    p = found.predicted.item()
    assert found.error.item() == pytest.approx(np.sqrt(p * (1 - p) / SERIES))


def test_coordinates_of_few_values_are_predicted_by_their_own_law() -> None:
    gradients = np.random.default_rng(4).integers(0, 2, (2000, 6)).astype(np.float32)
    found = foretold(gradients, DESIGN, "weight")
    assert (found.classes == Values.LATTICE).all()
    # Means of 64 coins fall on few values: with many batches the ties alone fail the test.
    assert found.predicted[1, 1].max() < found.predicted[1, 0].min()
    measured = found.passed[1].mean(axis=(1, 2))
    assert found.predicted[1].mean(axis=1) == pytest.approx(measured, abs=0.2)


def test_same_samples_pass_where_their_pvalues_are_large() -> None:
    values = np.random.default_rng(5).standard_normal((500, 3)).astype(np.float32)
    pvalues = np.random.default_rng(6).random((2, 2, 4, 3))
    found = same_samples(shape_of_columns(values), frequencies(values), pvalues, DESIGN, 500, LEVEL)
    np.testing.assert_array_equal(found.passed, pvalues >= 0.05)
    assert found.predicted == pytest.approx(np.full((2, 2, 3), 0.95), abs=0.02)


def test_every_lattice_and_batch_size_is_simulated_from_a_stream_of_its_own() -> None:
    gradients = np.random.default_rng(4).gamma(0.7, size=(300, 4)).astype(np.float32)
    gradients[:, [1, 3]] = np.round(gradients[:, [1, 3]])
    asked: list[Asked] = []
    with noted("clt", asked):
        foretold(gradients, DESIGN, "weight")
    keys = {purpose: [each.key for each in asked if each.purpose == purpose] for purpose in Stream}
    assert len(set(keys[Stream.LATTICES])) == len(keys[Stream.LATTICES]) == 2 * 2
    assert len(keys[Stream.HALVES]) == 1
    assert len(set(keys[Stream.HELD_OUT])) == len(keys[Stream.HELD_OUT]) == DESIGN.repeats
    used = {purpose for purpose, found in keys.items() if found}
    assert used == {Stream.LATTICES, Stream.HALVES, Stream.HELD_OUT}


@pytest.mark.parametrize("sampling", ["with_replacement", "epoch_shuffle"])
def test_another_level_needs_nothing_measured_anew(
    sampling: Literal["with_replacement", "epoch_shuffle"],
) -> None:
    random = np.random.default_rng(8)
    gradients = random.gamma(0.6, size=(700, 150)).astype(np.float32)
    gradients[:, [4, 140]] = random.integers(0, 5, (700, 2))
    design = Design([16, 64], [50, 100], 3, sampling, 2)
    found = held_out(gradients, design, "weight")
    loose, strict = (apply_level(found, design, level) for level in (0.2, 0.01))
    np.testing.assert_array_equal(strict.passed, found.pvalue >= 0.01)
    assert strict.passed.sum() > loose.passed.sum()
    for predicted, level in ((loose.predicted, 0.2), (strict.predicted, 0.01)):
        expected = predicted_pass_rate(found.skewness[0], found.excess_kurtosis[0], 64, 100, level)
        if sampling == "with_replacement":
            assert predicted[1, 1, 0] == expected
            # The lattice of coordinate 140 at batch size 64.
            places = np.argwhere(found.classes == Values.LATTICE).tolist()
            shares = np.mean(found.lattice_pvalue[places.index([1, 140])] >= level, axis=1)
            np.testing.assert_array_equal(predicted[1, :, 140], shares)
        else:
            assert np.isnan(predicted[:, :, 140]).all()
    assert np.nansum(strict.predicted) > np.nansum(loose.predicted)
