"""A layer with known tails, and the files that the tails stage reads of one."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import zarr

from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import cut
from gradnoise.gaussianity.analysis import describe_layer
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.gaussianity.results import write as write_gaussianity
from gradnoise.gradients.parameters import COORDINATE
from gradnoise.gradients.store import GRADIENT
from gradnoise.noise.gather import gather_noise, plan
from gradnoise.noise.store import BATCH_SIZE, NOISE, NOISE_ALONG_DIRECTIONS
from gradnoise.store import arrays
from gradnoise.tails.analysis import measure_tails
from gradnoise.tails.null import SERIES, Null, gaussian_null
from gradnoise.tails.rejected import Collected, Rejected, analyse_rejected
from gradnoise.tails.summary import histograms, summarise

SIZES, BATCHES, COUNT, REPEATS = [64, 16], 200, 120, [1, 2]
SAMPLES = 640


def layer(seed: int) -> np.ndarray:
    """Noise (2, 210, 120): coordinate 0 dead, the last 40 of Student's t with 2 degrees at B = 16."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal((len(SIZES), BATCHES + 10, COUNT))
    noise[1, :, 80:] = random.standard_t(2, noise[1, :, 80:].shape)
    noise *= np.exp(random.standard_normal(COUNT))
    noise[..., 0] = 0.25
    return (1e-9 * noise).astype(np.float32)


class TailAnalysis(NamedTuple):
    """A layer's tails, and what a level of the test makes of them."""

    indices: dict[str, dict[str, np.ndarray]]
    norms: np.ndarray
    summary: np.ndarray
    histograms: dict[str, dict[str, np.ndarray]]
    rejected: Rejected
    null: Null


def analyse_tails(
    noise: Sequence[Any],
    sizes: list[int],
    batches: int,
    repeats: list[int],
    classes: np.ndarray,
    pvalues: np.ndarray,
    methods: Sequence[str] = ("ecf",),
    seed: int = 0,
    significance: float = 0.05,
    null_series: int = SERIES,
) -> TailAnalysis:
    drawn = sizes, batches, repeats
    found = measure_tails(noise, *drawn, methods, seed)
    null = gaussian_null(batches, {*methods, "ecf"}, seed, significance, null_series)
    rejected = (classes == Coordinate.LIVE) & (pvalues < significance)
    collected = Collected.of_noise(rejected, noise, batches)
    tested = classes, pvalues, null
    return TailAnalysis(
        *found,
        summarise(found.indices, *tested, *drawn, significance),
        {
            method: histograms(fields, *tested, method, significance)
            for method, fields in found.indices.items()
        },
        analyse_rejected(collected, *drawn, null),
        null,
    )


def write_inputs(folder: Path, strategy: str = "per_sample") -> None:
    """Gradients of 640 samples at 20 coordinates, noise drawn from them, test results and labels."""
    gradients = np.random.default_rng(0).standard_t(3, (SAMPLES, 20)).astype(np.float32)
    gradients[:, 2] = 0
    full, coordinate = gradients.mean(axis=0, dtype=np.float64), 3 * np.arange(20) + 1
    root = zarr.open_group(folder / "gradients.zarr", mode="w")
    root.attrs.update(strategy=strategy, reason="augmented", sample_count=SAMPLES)
    if strategy == "per_sample":
        group = root.create_group("conv1.weight")
        arrays.put_array(group, GRADIENT, gradients)
        arrays.put_array(group, COORDINATE, coordinate)
    arrays.seal(root)
    noise = []
    for repeat in REPEATS:
        draws = Draws(5, repeat, "with_replacement", SAMPLES)
        noise.append(gather_noise(gradients, full, plan(draws, cut(draws, SIZES, BATCHES))))
        described = {"seed": 5, "epoch": 3, "sampling": "with_replacement", "sample_count": SAMPLES}
        root = zarr.open_group(
            folder / f"repeat-{repeat}.zarr", mode="w", attributes={**described, "repeat": repeat}
        )
        group = root.create_group("conv1.weight", attributes={"size": 432, "layer": "conv1"})
        arrays.put_array(group, BATCH_SIZE, np.array(SIZES))
        arrays.put_array(group, COORDINATE, coordinate)
        arrays.put_array(group, NOISE, noise[-1])
        arrays.put_array(group, NOISE_ALONG_DIRECTIONS, noise[-1][..., :0])
        arrays.seal(root)
    batches = [100, BATCHES]
    none = [each[..., :0] for each in noise]
    axes = {"batch_sizes": SIZES, "batches": batches, "repeats": REPEATS}
    write_gaussianity(
        folder / "tested.h5",
        describe_layer(noise, batches),
        describe_layer(none, batches),
        [],
        coordinate,
        axes,
        {"sampling": "with_replacement", "seed": 5},
    )
    with h5py.File(folder / "data.h5", "w") as file:
        file["train/targets"] = np.arange(SAMPLES) % 2
        file.attrs.create("classes", ["cat", "dog"], dtype=h5py.string_dtype())


def command_line(folder: Path, output: Path, **changes: Any) -> list[str]:
    """Of a job whose output bears the name of the layer, conv1.weight."""
    settings = {"methods": ["ecf", "mcculloch"], "seed": 1}
    settings |= {"batches": BATCHES} | changes
    stores = [str(folder / f"repeat-{repeat}.zarr") for repeat in REPEATS]
    options = ["--settings", json.dumps(settings), "--noise", *stores, "--output", str(output)]
    options += ["--data", str(folder / "data.h5")]
    return [*options, "--gradients", str(folder / "gradients.zarr")]
