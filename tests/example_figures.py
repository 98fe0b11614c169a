"""Figure programs called as the pipeline calls them."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import h5py
import numpy as np

from example_results import call
from gradnoise.figures.catalogue import entries
from gradnoise.figures.settings import Settings

PLAIN = Settings("cnn", "cnn", "", significance=0.05, training_batch_size=128, style={})

SETTINGS = replace(PLAIN, style={"width": 6.9})


def draw(name: str, results: tuple[Path, list[Path]], output: Path, **settings) -> None:
    folder, layers = results
    settings = {**asdict(SETTINGS), **settings}
    stage = entries()[name].reads
    if stage == "rejection":
        layers = [path.parents[1] / "rejection.h5" for path in layers[:1]]
    else:
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
    program = entries()[name].module.removeprefix("gradnoise.")
    call(program, *arguments, "--data", data, "--output", output)
    data.unlink()
