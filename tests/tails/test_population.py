from pathlib import Path

import numpy as np
import pytest
import zarr

from gradnoise.draws.batches import Draws
from gradnoise.tails.growth import fourth_verdict, growth, variance_verdict
from gradnoise.tails.influence import extreme_shares, influence
from gradnoise.tails.population import COORDINATES, Population, analyse_samples

N, C = 640, 10


def analysed(
    gradients: np.ndarray, folder: Path = Path("nowhere"), **changes: object
) -> Population:
    draws = Draws(5, 1, "with_replacement", gradients.shape[0])
    given = {"index": 7 * np.arange(gradients.shape[1]), "repeats": [1, 2], "batch_sizes": [16, 64]}
    given |= {"targets": np.arange(gradients.shape[0]) % 2, "classes": ["cat", "dog"]} | changes
    return analyse_samples(gradients, draws=draws, batches=200, folder=folder, **given)  # type: ignore[arg-type]


def test_tables_are_of_the_growth_and_the_influence() -> None:
    gradients = np.random.default_rng(0).standard_t(3, (N, C)).astype(np.float32)
    found = analysed(gradients)
    grown, shares = growth(gradients, 5), influence(gradients)
    row = found.tables["growth"][0]
    assert (row["samples"], row["coordinates"]) == (N, C)
    for name in ("kurtosis_exponent", "rho_error", "variance_exponent", "variance_error"):
        assert row[name] == getattr(grown, name)
    # Student's t of three degrees has a variance and no fourth moment; what is called, by the exponent alone.
    called = variance_verdict, fourth_verdict
    exponent = grown.kurtosis_exponent, grown.kurtosis_error
    assert [row["variance"], row["fourth_moment"]] == [f(*exponent).encode() for f in called]
    assert row["variance"] != row["fourth_moment"]
    draws = Draws(5, 1, "with_replacement", N)
    extremes, usual = extreme_shares(gradients, draws, [16, 64], 200)
    np.testing.assert_array_equal(found.arrays["extreme_share"], extremes)
    np.testing.assert_array_equal(found.arrays["usual_share"], usual)
    rows = found.tables["influence"]
    assert rows["usual_share"] == pytest.approx(np.median(usual, axis=1))
    assert rows["top_weight"] == pytest.approx(2 * [shares.top_share])
    named = {"third_share": shares.third, "third_signed_share": shares.third_signed}
    for name, values in named.items():
        assert rows[name] == pytest.approx(2 * [np.median(values)])
    assert rows["batch_size"].tolist() == [16, 64]
    assert rows["fourth_share"] == pytest.approx(2 * [np.median(shares.fourth)])
    assert rows["top_samples"].tolist() == [6, 6]
    for s in range(2):
        share = np.median(found.arrays["extreme_share"][s])
        assert rows["extreme_share"][s] == pytest.approx(share)
    np.testing.assert_array_equal(found.arrays["index"], 7 * np.arange(C))
    assert found.tables["influence_classes"]["name"].tolist() == [b"cat", b"dog"]
    assert found.tables["largest"]["repeat"].tolist() == [1, 2]
    regression = analysed(gradients, classes=[])
    assert set(regression.tables) == {"growth", "influence", "largest"}


@pytest.mark.parametrize("chunk", [64, 600, 1800])
def test_the_whole_layer_is_looked_at_whatever_its_chunks(chunk: int, tmp_path: Path) -> None:
    # Tails grow along the layer, and every third of it is moved by a class of its own.
    random, count = np.random.default_rng(2), 1800
    degrees = np.linspace(1.2, 12, count)
    targets = np.repeat([0, 1, 2, 3], [600, 500, 500, 900])
    gradients = random.standard_t(degrees, (len(targets), count)).astype(np.float32)
    gradients *= 1 + 3 * (targets[:, None] == np.arange(count) // 600)
    stored = zarr.create_array({}, data=gradients, chunks=(500, chunk))
    found = analysed(
        stored, tmp_path, index=np.arange(count), targets=targets, classes=list("abcd")
    )  # type: ignore[arg-type]
    assert found.arrays["index"].size == COORDINATES
    assert found.arrays["index"][[0, -1]].tolist() == [0, count - 1]
    assert np.diff(found.arrays["index"]).max() <= 8
    row, everything = found.tables["growth"][0], growth(gradients, 5)
    assert row["kurtosis_exponent"] == pytest.approx(everything.kurtosis_exponent, abs=0.02)
    first = growth(gradients[:, :COORDINATES], 5).kurtosis_exponent
    assert abs(first - everything.kurtosis_exponent) > 0.2
    expected = influence(gradients)
    shares = np.bincount(targets, expected.weight)
    np.testing.assert_allclose(found.tables["influence_classes"]["share_weight"], shares, atol=0.03)
    assert (
        row["kurtosis_exponent"] == growth(gradients[:, found.arrays["index"]], 5).kurtosis_exponent
    )
