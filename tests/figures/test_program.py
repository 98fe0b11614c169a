"""Every figure is written, with the same bytes every time, or says why it shows nothing."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from example_figures import draw
from gradnoise.errors import InputError
from gradnoise.figures import catalogue, program

# Figures of trajectories and of the whole experiment's studies have tests of their own, on known laws.
NAMES = [
    entry.name
    for entry in catalogue.entries().values()
    if entry.reads != "langevin" and not entry.study
]


@pytest.mark.parametrize("name", NAMES)
def test_figure_writes_pdf_png_and_csv(name, results, tmp_path):
    output = tmp_path / f"cnn-{name}.pdf"
    draw(name, results, output)
    assert sorted(path.suffix for path in tmp_path.glob("[!.]*")) == [".csv", ".pdf", ".png"]
    pdf = output.read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"CreationDate" not in pdf
    assert b"/Type3" not in pdf  # journals refuse Type 3 fonts
    with Image.open(output.with_suffix(".png")) as image:
        assert image.size[0] == round(6.9 * 300)
    assert len(pd.read_csv(output.with_suffix(".csv"))) > 0


def test_same_numbers_give_the_same_bytes(results, tmp_path):
    for attempt in ("first", "second"):
        draw("percentage_by_batch_size", results, tmp_path / attempt / "figure.pdf")
        program.warm()
    for suffix in ("pdf", "png", "csv"):
        files = [tmp_path / attempt / f"figure.{suffix}" for attempt in ("first", "second")]
        assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("name", ["predicted_pass_rates", "gaussian_batch_size", "berry_esseen"])
def test_a_run_without_stored_gradients_gets_a_figure_that_says_so(name, results, tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    for path in results[0].glob("*.csv"):
        table = pd.read_csv(path)
        if path.stem == "prediction":
            table = table.head(0)
        for column in ("gaussian_batch_size", "bound_q50"):
            if column in table:
                table[column] = np.nan
        table.to_csv(folder / path.name, index=False)
    draw(name, (folder, []), tmp_path / "figure.pdf")
    assert "per-sample gradients" in pd.read_csv(tmp_path / "figure.csv")["reason"][0]


def test_weights_are_shown_whatever_their_layer_computes():
    table = pd.DataFrame(
        {
            "run": ["a", "a", "a", "a", "b"],
            "kind": ["weight", "bias", "norm", "weight", "weight"],
            "operation": ["linear", "linear", "normalisation", "embedding", "convolution"],
            "value": [1, 2, 3, 4, 5],
        }
    )
    assert list(program.weights(table, "a")["value"]) == [1, 4]
    with pytest.raises(InputError, match=r"'c' has no weights in the tables; runs: \['a', 'b'\]"):
        program.weights(table, "c")
