import numpy as np
import pytest

from gradnoise.draws.batches import Draws
from gradnoise.tails.growth import growth
from gradnoise.tails.influence import influence
from gradnoise.tails.population import analyse_samples, chosen, read_columns

N, C = 640, 10


class Chunked:
    """An array that counts what is read, in chunks as Zarr has them."""

    def __init__(self, values: np.ndarray, chunk: int) -> None:
        self.values, self.shape, self.chunks = values, values.shape, (len(values), chunk)
        self.read: list[tuple[int, int]] = []

    def __getitem__(self, key: tuple[slice, slice]) -> np.ndarray:
        self.read.append((key[1].start, key[1].stop))
        return self.values[key]


def test_all_coordinates_are_chosen_where_they_are_few() -> None:
    assert chosen(np.empty((N, 7)), 7).tolist() == list(range(7))


def test_whole_chunks_from_the_first_to_the_last() -> None:
    gradients = Chunked(np.arange(2 * 1000).reshape(2, 1000), 32)
    positions = chosen(gradients, 128)  # type: ignore[arg-type]
    assert positions.size == 128
    assert positions[0] == 0
    assert positions[-1] == 1000 // 32 * 32 - 1
    columns = read_columns(gradients, positions)  # type: ignore[arg-type]
    np.testing.assert_array_equal(columns, gradients.values[:, positions])
    assert len(gradients.read) == 4


def test_tables_are_of_the_growth_and_the_influence() -> None:
    gradients = np.random.default_rng(0).standard_t(3, (N, C)).astype(np.float32)
    draws = Draws(5, 1, "with_replacement", N)
    targets = np.arange(N) % 2
    index = 7 * np.arange(C)
    found = analyse_samples(gradients, index, draws, [16, 64], 200, targets, ["cat", "dog"])
    grown, shares = growth(gradients, 5), influence(gradients)
    row = found.tables["growth"][0]
    assert (row["samples"], row["coordinates"]) == (N, C)
    assert row["kurtosis_exponent"] == grown.kurtosis_exponent
    assert row["rho_error"] == grown.rho_error
    rows = found.tables["influence"]
    assert rows["batch_size"].tolist() == [16, 64]
    assert rows["fourth_share"] == pytest.approx(2 * [np.median(shares.fourth)])
    assert rows["top_samples"].tolist() == [6, 6]
    for s in range(2):
        share = np.median(found.arrays["extreme_share"][s])
        assert rows["extreme_share"][s] == pytest.approx(share)
    np.testing.assert_array_equal(found.arrays["index"], index)
    assert found.tables["influence_classes"]["name"].tolist() == [b"cat", b"dog"]
    regression = analyse_samples(gradients, index, draws, [16], 200, targets, [])
    assert set(regression.tables) == {"growth", "influence"}
