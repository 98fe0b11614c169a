"""Figure programs called as the pipeline calls them."""

import json
from pathlib import Path

import h5py
import numpy as np

from example_results import call
from gradnoise.figures.catalogue import entries


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
