"""Speed of the tests and cost of a layer's job; prints ratios against the alternatives.

    python benchmarks/gaussianity.py [ROWS]

Speeds are of one thread, in processor time, the least of several alternated runs of each. A job's overhead is
its processor time, with warm caches, less that of the analysis itself.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ["NUMBA_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import zarr
from scipy.stats import anderson, shapiro

from gradnoise.gaussianity.normality import describe, statistics, warm
from gradnoise.gaussianity.statistic import measure
from gradnoise.gaussianity.statistics.anderson_darling import STATISTIC, anderson_darling
from gradnoise.gaussianity.statistics.shapiro_wilk import shapiro_wilk
from gradnoise.gradients.parameters import COORDINATE
from gradnoise.noise.store import BATCH_SIZE, NOISE, NOISE_ALONG_DIRECTIONS
from gradnoise.store import arrays

NETWORK = 57  # parameters of a ResNet-56's store


def least(repeats: int, *functions: Callable[[], object]) -> list[float]:
    """Least processor time of each function over alternated repeats, seconds."""
    times = [[0.0] * 0 for _ in functions]
    for _ in range(repeats):
        for function, seen in zip(functions, times, strict=True):
            start = time.process_time()
            function()
            seen.append(time.process_time() - start)
    return [min(seen) for seen in times]


def speed(rows: int) -> None:
    print(f"{rows} float32 rows, one thread, microseconds per row")
    print(f"{'n':>5} {'sort':>7} {'test':>7} {'test, axis 0':>13} {'describe':>9} {'scipy':>7}"
          f" {'test/sort':>10} {'scipy/test':>11}")  # fmt: skip
    for n in (200, 600):
        samples = np.random.default_rng(0).standard_normal((rows, n), dtype=np.float32)
        columns = np.ascontiguousarray(samples.T)
        sort, test, across, full = least(
            15,
            lambda samples=samples: np.sort(samples, axis=1),
            lambda samples=samples: shapiro_wilk(samples),
            lambda columns=columns: shapiro_wilk(columns, axis=0),
            lambda columns=columns: describe(columns, axis=0),
        )
        few = samples[: rows // 5]
        (scipy,) = least(3, lambda few=few: shapiro(few, axis=1))
        scipy *= rows / len(few)
        micro = [1e6 * seconds / rows for seconds in (sort, test, across, full, scipy)]
        print(f"{n:5} {micro[0]:7.2f} {micro[1]:7.2f} {micro[2]:13.2f} {micro[3]:9.2f}"
              f" {micro[4]:7.1f} {test / sort:10.2f} {scipy / test:11.1f}")  # fmt: skip
    print("bars: test/sort at most 1.5, scipy/test at least 6")


def anderson_speed(rows: int) -> None:
    print(f"\nAnderson-Darling, {rows} float32 rows, one thread, microseconds per row")
    print(f"{'n':>5} {'test':>7} {'scipy':>7} {'scipy/test':>11}")
    for n in (200, 600):
        samples = np.random.default_rng(0).standard_normal((rows, n), dtype=np.float32)
        (test,) = least(9, lambda samples=samples: anderson_darling(samples))
        few = samples[: max(1, rows // 100)].astype(np.float64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (scipy,) = least(3, lambda few=few: [anderson(row) for row in few])
        micro = 1e6 * test / rows, 1e6 * scipy / len(few)
        print(f"{n:5} {micro[0]:7.2f} {micro[1]:7.1f} {micro[1] / micro[0]:11.1f}")
    print("bar: scipy/test at least 20")


def agreement() -> None:
    print("\nlargest difference from scipy.stats.shapiro over 2000 normal series")
    for n in (3, 12, 50, 200, 600, 5000):
        samples = np.random.default_rng(n).standard_normal((2000, n))
        ours, theirs = shapiro_wilk(samples), shapiro(samples, axis=1)
        in_w = np.abs(ours.statistic - theirs.statistic).max()
        in_p = np.abs(ours.pvalue - theirs.pvalue).max()
        print(f"  n = {n:4}: W {in_w:.1e}, p {in_p:.1e}")
    print("bars: 1e-7 in W, 1e-6 in p")


def write_network(path: Path, repeat: int, coordinates: int) -> None:
    sizes, batches = [64, 128, 256, 512], 600
    random = np.random.default_rng(repeat)
    root = zarr.open_group(path, mode="w", attributes={"repeat": repeat, "seed": 0, "epoch": 1})
    for parameter in range(NETWORK):
        group = root.create_group(f"layer{parameter}.weight")
        arrays.put_array(group, BATCH_SIZE, np.array(sizes))
        # Only the layer that is read is large; the others are there to be found.
        count = coordinates if parameter == 0 else 4
        arrays.put_array(group, COORDINATE, np.arange(count))
        for variable, width in ((NOISE, count), (NOISE_ALONG_DIRECTIONS, min(100, count))):
            shape = (len(sizes), batches, width)
            noise = random.standard_normal(shape, dtype=np.float32)
            chunk = (1, 200, width)
            arrays.create_array(group, variable, shape, chunk, chunk)[...] = noise
    arrays.seal(root)


def overhead(coordinates: int = 2000, repeats: int = 5) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stores = [Path(folder) / f"repeat-{r}.zarr" for r in range(1, repeats + 1)]
        for number, path in enumerate(stores, start=1):
            write_network(path, number, coordinates)
        settings = {"batches": [200, 600]}
        command = [sys.executable, "-m", "gradnoise.gaussianity", "--settings"]
        command += [json.dumps(settings), "--output", f"{folder}/layer0.weight.h5", "--noise"]
        command += [str(path) for path in stores]
        jobs = [_processor_seconds(command) for _ in range(5)]
        imports = "import numpy, zarr, numba, h5py"
        libraries = [_processor_seconds([sys.executable, "-c", imports]) for _ in range(5)]
    blocks = [
        np.random.default_rng(0).standard_normal((n, coordinates), dtype=np.float32)
        for n in settings["batches"]
    ]
    without = [one for one in statistics() if one is not STATISTIC]
    analysis, less = least(
        5,
        lambda: [describe(block, axis=0) for block in blocks],
        lambda: [measure(block, 0, without) for block in blocks],
    )
    analysis, less = 4 * repeats * analysis, 4 * repeats * less
    print(f"\na layer's job: {coordinates} coordinates, 4 batch sizes, n = 200 and 600,"
          f" {repeats} repeats, beside {NETWORK - 1} other parameters")  # fmt: skip
    print(f"  job {min(jobs):.2f} s, of which analysis {analysis:.2f} s:"
          f" overhead {min(jobs) - analysis:.2f} s of processor time (bar: 1.0 s)")  # fmt: skip
    job = min(jobs)
    print(f"  with and without Anderson-Darling: {job / (job - analysis + less):.2f} (bar: 1.5),"
          f" of the analysis alone {analysis / less:.2f}")  # fmt: skip
    print(f"  Python with numpy, zarr, numba and h5py imported alone: {min(libraries):.2f} s")


def _processor_seconds(command: list[str]) -> float:
    before = os.times()
    subprocess.run(command, check=True)
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


if __name__ == "__main__":
    warm()
    speed(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    anderson_speed(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    agreement()
    overhead()
