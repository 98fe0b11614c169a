"""Figures: every file is written, with the same bytes every time, and shows what its CSV says."""

import json
from pathlib import Path

import h5py
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from example_results import CNN, call, resnet, write_run, write_tables
from gradnoise.errors import InputError
from gradnoise.figures import lines, style
from gradnoise.figures.catalogue import entries
from gradnoise.figures.gaussianity import coordinates, percentage_by_batch_size, percentage_by_epoch
from gradnoise.tables.catalogue import read

# Figures of trajectories have a test of their own, on results with known laws.
NAMES = [entry.name for entry in entries().values() if entry.reads != "langevin"]


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> tuple[Path, list[Path]]:
    folder = tmp_path_factory.mktemp("results")
    run = write_run(folder, "cnn", CNN, batch_sizes=(16, 1024), epochs=(0, 2), repeats=2)
    last = [path for path in run[0] if "seed-0/epoch-2" in path.as_posix()]
    return write_tables(folder, run), last


@pytest.fixture(scope="module")
def deep() -> pd.DataFrame:
    """Aggregated rows of a residual network, as the tables hold them."""
    rows = []
    for place, (layer, operation, size, difficulty) in enumerate(resnet(6)):
        block = int(layer[5]) if layer.startswith("block") else 0
        for epoch in (1, 10):
            for batch_size in (64, 512):
                for batches in (200, 600):
                    value = 95 * np.exp(-10 * difficulty * batches / 200 / batch_size**0.5)
                    rows.append(
                        {
                            "run": "resnet20",
                            "epoch": epoch,
                            "parameter": f"{layer}.weight",
                            "layer": layer,
                            "operation": operation,
                            "kind": "weight",
                            "block": block,
                            "index": (place - 1) % 6 + 1 if block else 1,
                            "size": size,
                            "batch_size": batch_size,
                            "batches": batches,
                            "percentage_gaussian": value,
                            "percentage_gaussian_lower": value - 1,
                            "percentage_gaussian_upper": value + 1,
                            "share_dirac": 0.0,
                            "unit": "repeat",
                            "n_seeds": 1,
                            "n_repeats": 5,
                        }
                    )
    return pd.DataFrame(rows)


def draw(name: str, results: tuple[Path, list[Path]], output: Path, **settings) -> None:
    folder, layers = results
    settings = {"run": "cnn", "significance": 0.05, "training_batch_size": 128, **settings}
    style = settings.setdefault("style", {})
    style.setdefault("width", 6.9)
    stage = entries()[name].reads
    layers = [path.parents[1] / stage / path.name for path in layers] if stage else []
    arguments = ["--settings", json.dumps(settings), "--tables", str(folder)]
    arguments += ["--layers", *map(str, layers)]
    data = output.with_suffix(".h5")
    data.parent.mkdir(exist_ok=True)
    with h5py.File(data, "w") as file:
        random = np.random.default_rng(0)
        file["train/inputs"] = random.integers(0, 255, (30, 3, 8, 8), dtype=np.uint8)
        file["train/targets"] = np.arange(30) % 2
        file.attrs["classes"] = ["cat", "dog"]
    call(
        entries()[name].module.removeprefix("gradnoise."),
        *arguments,
        "--data",
        data,
        "--output",
        output,
    )
    data.unlink()


@pytest.mark.parametrize("name", NAMES)
def test_figure_writes_pdf_png_and_csv(name, results, tmp_path):
    output = tmp_path / f"cnn-{name}.pdf"
    draw(name, results, output)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", ".pdf", ".png"]
    pdf = output.read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"CreationDate" not in pdf
    assert b"/Type3" not in pdf  # journals refuse Type 3 fonts
    with Image.open(output.with_suffix(".png")) as image:
        assert image.size[0] == round(6.9 * 300)
    assert len(pd.read_csv(output.with_suffix(".csv"))) > 0


def test_same_numbers_give_the_same_bytes(results, tmp_path):
    for attempt in ("first", "second"):
        draw(NAMES[0], results, tmp_path / attempt / "figure.pdf")
    for suffix in ("pdf", "png", "csv"):
        files = [tmp_path / attempt / f"figure.{suffix}" for attempt in ("first", "second")]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_csv_behind_the_figure_is_the_last_epoch_of_the_tables(results, tmp_path):
    draw(NAMES[0], results, tmp_path / "figure.pdf")
    shown = pd.read_csv(tmp_path / "figure.csv")
    assert set(shown["epoch"]) == {2}
    assert set(shown["layer"]) == {name for name, *_ in CNN}
    table = read(results[0])["gaussianity"]
    expected = table[(table["epoch"] == 2) & (table["kind"] == "weight")]
    assert list(shown["percentage_gaussian"]) == list(expected["percentage_gaussian"])


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


def test_ceiling_stands_where_gaussian_noise_passes(deep):
    figure = percentage_by_batch_size.draw(deep[deep["epoch"] == 10], {"significance": 0.01})
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "exactly Gaussian noise: 99 %" in texts
    heights = [line.get_ydata()[0] for line in figure.axes[0].lines if len(line.get_ydata()) == 2]
    assert 99.0 in heights


def test_deep_networks_have_a_line_per_batch_size_and_block_dividers(deep):
    figure = percentage_by_batch_size.draw(deep[deep["epoch"] == 10], {"significance": 0.05})
    first = figure.axes[0]
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["64", "512"]
    labels = [text.get_text() for text in first.texts]
    assert [f"block {block}" in labels for block in (1, 2, 3)] == [True] * 3
    dividers = [line.get_xdata()[0] for line in first.lines if line.get_linestyle() == ":"]
    assert dividers == [1.5, 7.5, 13.5, 19.5]


def test_residual_networks_show_first_and_sixth_convolution_over_epochs(deep):
    columns = percentage_by_epoch.shown(deep)
    assert list(columns) == ["block 1", "block 2", "block 3"]
    layers = columns["block 2"]["layer"].unique()
    assert list(layers) == ["block2.layer1", "block2.layer6"]


def test_constant_coordinates_bring_panels_without_them(deep):
    rows = deep[(deep["block"] == 1) & (deep["epoch"] == 10)].assign(share_dirac=0.1)
    for end in ("", "_lower", "_upper"):
        rows[f"percentage_testable{end}"] = rows[f"percentage_gaussian{end}"] - 5
    figure = percentage_by_batch_size.draw(rows, {"significance": 0.05})
    titles = [axes.get_title("left") for axes in figure.axes]
    assert len(titles) == 4
    assert titles[0] == "n = 200, constant counted as Gaussian"
    assert titles[3] == "n = 600, constant left out"


def test_style_follows_the_settings(deep):
    settings = {"significance": 0.05, "style": {"width": 3.3, "colours": ["#123456"]}}
    few = deep[(deep["block"] == 1) & (deep["epoch"] == 10)]
    figure = percentage_by_batch_size.draw(few, settings)
    assert figure.get_figwidth() == 3.3
    colours = {line.get_color() for line in figure.axes[0].lines}
    assert "#123456" in colours
    with pytest.raises(InputError, match="no parameters of matplotlib"):
        style.apply({"style": {"lines.colour": 1}})
    style.apply({})
    assert mpl.rcParams["pdf.fonttype"] == 42


def test_labels_are_moved_apart_and_no_further_than_needed():
    wanted = np.array([10.0, 11.0, 12.0, 40.0])
    placed = lines.spread(wanted, 8.0)
    assert np.diff(placed).min() >= 8.0 - 1e-9
    assert placed == pytest.approx([3.0, 11.0, 19.0, 40.0])


def test_quantiles_of_normal_quantiles_are_a_straight_line():
    from scipy.special import ndtri

    exact = ndtri((np.arange(1, 201) - 0.375) / 200.25)
    found = coordinates.quantiles((3e-9 * exact + 1e-7)[::-1].astype(np.float64))
    slope = np.polyfit(found["normal_quantile"], found["standardised"], 1)
    assert found["standardised"] == pytest.approx(np.polyval(slope, exact), abs=1e-6)


def test_constant_coordinates_have_no_quantiles():
    found = coordinates.quantiles(np.full(200, 0.1, np.float32))
    assert np.isnan(found["standardised"]).all()


def test_unknown_run_and_layer_are_named(results, tmp_path):
    with pytest.raises(InputError, match="'resnet' has no weights"):
        draw(NAMES[0], results, tmp_path / "x.pdf", run="resnet")
    with pytest.raises(InputError, match=r"no file of 'conv9.weight'"):
        draw("coordinates", results, tmp_path / "x.pdf", parameter="conv9.weight")
