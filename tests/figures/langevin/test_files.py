"""Every figure of trajectories, on results with known laws."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from example_figures import PLAIN
from example_trajectories import VARIANTS, write_results
from gradnoise.figures.catalogue import entries
from gradnoise.figures.langevin import files

FIGURES = [entry.name for entry in entries().values() if entry.reads == "langevin"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    write_results(folder)
    return folder


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_written_with_the_numbers_behind_them(
    results: Path, tmp_path: Path, name: str
) -> None:
    output = tmp_path / f"{name}.pdf"
    command = [sys.executable, "-m", entries()[name].module, "--output", str(output)]
    paths = sorted(map(str, results.rglob("model.h5")))
    command += ["--settings", json.dumps(asdict(PLAIN)), "--layers", *paths]
    subprocess.run(command, check=True, capture_output=True)
    assert output.read_bytes().startswith(b"%PDF")
    with Image.open(output.with_suffix(".png")) as image:
        assert image.width == pytest.approx(2070, abs=1100)
    numbers = pd.read_csv(output.with_suffix(".csv"))
    assert set(numbers["variant"]) <= set(VARIANTS)
    assert len(numbers) >= 4


def test_figures_read_what_the_stage_wrote(results: Path) -> None:
    (found,) = files.read(results.rglob("plain/model.h5"), "model")
    assert found.title == "plain: learning rate 0.1"
    assert found.heading == "plain\nlearning rate 0.1"
    for width, title in ((6.9, found.title), (3.3, found.heading)):
        assert found.title_in(plt.figure(figsize=(width, 2))) == title
    assert len(found.eigenvectors) == 4
    assert found.arrays["autocorrelation"].shape == (5, 61)
    assert files.read(results.rglob("plain/model.h5"), "conv1.weight") == []
