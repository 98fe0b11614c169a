"""Layers of every kind stand in every figure that speaks of layers."""

from pathlib import Path

import pandas as pd
import pytest

from example_figures import draw
from example_results import write_run, write_tables

TRANSFORMER = [
    ("embed", "embedding", 6400, 0.3),
    *((f"encoder.0.attention.{part}_proj", "attention", 4096, 0.6) for part in "qkv"),
    ("encoder.0.attention.out_proj", "attention", 4096, 1.5),
    ("encoder.0.linear1", "linear", 16384, 1.2),
    ("gru.ih_l0", "recurrent", 1024, 0.8),
    ("places", "other", 320, 0.9),
]
NAMES = {name for name, *_ in TRANSFORMER}


@pytest.fixture(scope="module")
def transformer(tmp_path_factory) -> tuple[Path, list[Path]]:
    folder = tmp_path_factory.mktemp("transformer")
    run = write_run(folder, "cnn", TRANSFORMER, batch_sizes=(16, 1024), epochs=(0, 2), repeats=2)
    last = [path for path in run[0] if "seed-0/epoch-2" in path.as_posix()]
    return write_tables(folder, run), last


@pytest.mark.parametrize(
    "name",
    [
        *("percentage_by_batch_size", "percentage_by_epoch", "rise_of_layers", "third_moments"),
        *("gaussian_batch_size", "predicted_pass_rates", "berry_esseen"),
    ],
)
def test_every_layer_is_shown(
    transformer: tuple[Path, list[Path]], tmp_path: Path, name: str
) -> None:
    draw(name, transformer, tmp_path / "figure.pdf")
    shown = pd.read_csv(tmp_path / "figure.csv")
    found = set(shown["layer"].dropna())
    if name == "berry_esseen":  # which has room for seven
        assert len(found) == 7
        assert found < NAMES
    else:
        assert found == NAMES


def test_every_layer_stands_in_the_printed_table(transformer: tuple[Path, list[Path]]) -> None:
    table = pd.read_csv(transformer[0] / "cnn-epoch-2-n-600.csv")
    assert set(table["Layer"]) == {*NAMES, "network"}
