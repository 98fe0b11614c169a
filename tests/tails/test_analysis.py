import numpy as np
import pytest

from example_tails import BATCHES, REPEATS, SIZES, TailAnalysis, analyse_tails
from gradnoise.gaussianity.normality import describe
from gradnoise.noise import store as noise_store
from gradnoise.tails.examples import tail_examples
from gradnoise.tails.norm import norm_shape
from gradnoise.tails.stable.index import tail_index


def test_indices_are_those_of_the_series(noise: list[np.ndarray], analysis: TailAnalysis) -> None:
    for method, fields in analysis.indices.items():
        for s in range(2):
            for r in range(2):
                found = tail_index(noise[r][s, :BATCHES], axis=0, method=method)
                np.testing.assert_array_equal(fields["alpha"][s, r], found.alpha.astype(np.float32))
                np.testing.assert_array_equal(fields["converged"][s, r], found.converged)
        assert not fields["converged"][..., 0].any()


def test_pooled_index_of_a_layer_is_explained_by_its_scales(analysis: TailAnalysis) -> None:
    gaussian = analysis.norms[analysis.norms["batch_size"] == 64]
    assert np.all(gaussian["pooled_mohammadi"] < 1.8)
    np.testing.assert_allclose(gaussian["pooled_mohammadi"], gaussian["pooled_null"], atol=0.1)
    np.testing.assert_allclose(gaussian["pooled_predicted"], gaussian["pooled_null"], atol=0.12)


def test_norm_of_a_layer(analysis: TailAnalysis, noise: list[np.ndarray]) -> None:
    row = analysis.norms[1]
    assert row[["batch_size", "repeat"]].tolist() == (64, 2)
    expected = norm_shape(np.linalg.norm(noise[1][0, :BATCHES].astype(np.float64), axis=1))
    assert row["norm_skewness"] == pytest.approx(expected.skewness, rel=1e-6)
    assert abs(row["norm_skewness"] - row["norm_skewness_null"]) < 5 * row["norm_skewness_null_sd"]
    heavy = analysis.norms[analysis.norms["batch_size"] == 16]
    assert np.all(heavy["norm_skewness"] > heavy["norm_skewness_null"] + 1)


def test_dead_layer_has_no_numbers() -> None:
    dead = np.full((2, 100, 5), -1e-6, np.float32)
    described = describe(dead, axis=1)
    tested = described["class"][:, None], described["pvalue"][:, None]
    found = analyse_tails([dead], SIZES, 100, [1], *tested, null_series=50)
    assert found.summary["live"].tolist() == [0, 0]
    assert np.isnan(found.summary["alpha_mean"]).all()
    for name in ("norm_skewness", "norm_skewness_null", "norm_skewness_correlated_null"):
        assert np.isnan(found.norms[name]).all()
    assert tail_examples(found.indices["ecf"], dead, SIZES, 100, *tested, 0.05) == []


def test_blocks_change_no_index(
    noise: list[np.ndarray],
    tested: tuple[np.ndarray, np.ndarray],
    analysis: TailAnalysis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(noise_store, "READ_BYTES", 4 * BATCHES * 50)
    found = analyse_tails(noise, SIZES, BATCHES, REPEATS, *tested, ("ecf",), null_series=2000)
    for name, values in found.indices["ecf"].items():
        np.testing.assert_array_equal(values, analysis.indices["ecf"][name])
    for name in ("norm_skewness", "norm_tail_ratio_correlated_null", "pooled_predicted"):
        np.testing.assert_allclose(found.norms[name], analysis.norms[name], rtol=1e-6)
    np.testing.assert_allclose(
        found.norms["pooled_mohammadi"], analysis.norms["pooled_mohammadi"], rtol=0.2
    )


def test_examples_play_their_roles(
    analysis: TailAnalysis, noise: list[np.ndarray], tested: tuple[np.ndarray, np.ndarray]
) -> None:
    shown = tail_examples(analysis.indices["ecf"], noise[0], SIZES, BATCHES, *tested, 0.05)
    roles = [(one.role, one.batch_size) for one in shown]
    assert roles == [
        ("lowest", 16),
        ("median", 16),
        ("highest", 16),
        ("rejected", 16),
        ("followed", 16),
        ("followed", 64),
    ]
    alpha = analysis.indices["ecf"]["alpha"][1, 0, 1:]
    assert shown[0].alpha == alpha.min()
    assert shown[2].alpha == alpha.max()
    assert shown[4].position == shown[5].position == shown[0].position
    assert shown[3].pvalue < 0.05
    for one in shown:
        size = SIZES.index(one.batch_size)
        np.testing.assert_array_equal(one.samples, noise[0][size, :BATCHES, one.position])


def test_an_example_without_an_index_has_none(
    analysis: TailAnalysis, noise: list[np.ndarray], tested: tuple[np.ndarray, np.ndarray]
) -> None:
    fields = {name: values.copy() for name, values in analysis.indices["ecf"].items()}
    lowest = tail_examples(analysis.indices["ecf"], noise[0], SIZES, BATCHES, *tested, 0.05)[
        0
    ].position
    fields["converged"][0, 0, lowest] = False  # at batch size 64, where it is followed
    changed = analysis._replace(indices={"ecf": fields})
    shown = tail_examples(changed.indices["ecf"], noise[0], SIZES, BATCHES, *tested, 0.05)
    assert [one.position for one in shown[4:]] == [lowest, lowest]
    assert shown[4].alpha == shown[0].alpha
    assert np.isnan([shown[5].alpha, shown[5].scale]).all()
    # And it is no candidate where it has none.
    fields["converged"][1, 0, lowest] = False
    shown = tail_examples(changed.indices["ecf"], noise[0], SIZES, BATCHES, *tested, 0.05)
    assert shown[0].position != lowest
