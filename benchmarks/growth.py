"""How the cost of a stage grows with batches, coordinates and samples: its processor time, and its peak memory.

python benchmarks/growth.py [axis ...]          of batches, coordinates, samples; all by default

Every stage runs as the workflow runs it, on a multilayer perceptron, at three sizes of one axis, each four times the
one before, the other two at their least. Start-up aside, time is a power of the size: the exponent is
log((t3 - t2) / (t2 - t1)) / log(4), and 1 is linear. It is left out where less than half a second is added. Memory is the
process' largest resident set; its slope is log(m3 / m2) / log(4), since at the second size all buffers are full. A row
passes where the one is at most 1.2, the other at most 0.05, which is 7 % for four times the size; the exit status is 1
where one does not. Seconds are the processor's; still run it on an idle machine, `OMP_NUM_THREADS=1`.
"""

import math
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

import jobs
from experiment import Experiment, merged
from gradnoise.store.paths import Checkpoint, Paths
from sizing import HELD

ROOT = Path(__file__).parents[1]

LEAST = {"batches": 300, "coordinates": 1_000, "samples": 5_000}
FACTOR = 4
STAGES = ("gradients", "noise", "moments", "gaussianity", "clt", "tails", "rejection")
LAYER = "linear2"
REPEATS = (1, 2)
MEMORY = 1 / 32  # GiB for buffers: what the second sizes fill
LINEAR, FLAT = 1.2, 0.05  # exponent of time, slope of memory, at most


class Cost(NamedTuple):
    """Processor seconds and MiB of a program."""

    seconds: float
    memory: float


def overlay(batches: int, coordinates: int, samples: int) -> dict[str, Any]:
    return {
        "output": "results",
        "runs": ["mlp"],
        "run_definitions": {"mlp": {}},
        "data": {
            **{"dataset": "linear_regression"},
            **{"synthetic": {"samples": samples, "test_samples": 100, "features": 20}},
        },
        "model": {"name": "mlp", "arguments": {"hidden_features": [160, 256]}},
        "training": {
            **{"loss": "mean_squared_error", "epochs": 1, "seeds": [1], "device": "cpu"},
        },
        "noise": {
            **{"checkpoints": [1], "batch_sizes": [4, 64], "batches": batches},
            **{"repeats": len(REPEATS), "layers": [LAYER], "coordinates": coordinates},
            **{"directions": 0, "biases": False, "strategy": "per_sample", "memory": MEMORY},
        },
        "gaussianity": {"batches": [batches]},
        "clt": {"exact_coordinates": 20},
        "trajectory": {"variants": []},
        "control": {"batches": 100},
    }


def program(stage: str, settings: str, **paths: Any) -> Cost:
    """Run a stage, to its end."""
    arguments = [sys.executable, "-m", f"gradnoise.{stage}", "--settings", settings]
    for name, value in paths.items():
        values = value if isinstance(value, list) else [value]
        arguments += [f"--{name}", *map(str, values)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(arguments, env=environment, stderr=told)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            told.seek(0)
            sys.exit(f"{stage}: {told.read()[-2000:]}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def chain(folder: Path, **size: int) -> dict[str, Cost]:
    """What the stages of one experiment cost."""
    config = merged(yaml.safe_load((ROOT / "config.yaml").read_text()), overlay(**size))
    config["run_definitions"] = {"mlp": {}}
    experiment, paths = Experiment(config), Paths(folder)
    at = Checkpoint("mlp", 1, 1)

    def settings(stage: str, **more: str) -> str:
        wildcards = {"run": "mlp", "seed": "1", "epoch": "1"}
        return jobs.Stage(stage, experiment, ROOT / "src").settings({**wildcards, **more})

    def measured(stage: str) -> str:
        return paths.layer(stage, at, f"{LAYER}.weight")

    data, checkpoints = paths.data(), paths.checkpoints("mlp", 1)
    noise = [paths.noise(at, repeat) for repeat in REPEATS]
    gradients, moments, gaussianity, clt, tails = (
        *(paths.gradients(at), paths.moments(at)),
        *map(measured, ("gaussianity", "clt", "tails")),
    )
    described = jobs.Stage("data", experiment, ROOT / "src").settings({"data": "linear_regression"})
    program("data", described, output=data)
    history = paths.training("mlp", 1)
    program("training", settings("training"), data=data, checkpoints=checkpoints, output=history)
    trained = {"data": data, "checkpoints": checkpoints}
    found = {"gradients": program("gradients", settings("gradients"), **trained, output=gradients)}
    stored = {**trained, "gradients": gradients}
    for repeat, path in zip(REPEATS, noise, strict=True):
        found["noise"] = program(
            "noise", settings("noise", repeat=str(repeat)), **stored, output=path
        )
    found["moments"] = program("moments", settings("moments"), **stored, output=moments)
    found["gaussianity"] = program(
        "gaussianity", settings("gaussianity"), noise=noise, output=gaussianity
    )
    tested = {"gradients": gradients, "gaussianity": gaussianity}
    found["clt"] = program("clt", settings("clt"), **tested, moments=moments, output=clt)
    drawn = {"gradients": gradients, "data": data, "noise": noise}
    found["tails"] = program("tails", settings("tails"), **drawn, output=tails)
    judged = {"results": folder, "gradients": gradients, "noise": noise}
    output = paths.rejection(at)
    found["rejection"] = program("rejection", settings("rejection"), **judged, output=output)
    return found


@cache
def costs(**size: int) -> dict[str, Cost]:
    """Of a size, which is measured once for all axes."""
    with tempfile.TemporaryDirectory() as folder:
        return chain(Path(folder), **size)


def exponent(seconds: list[float]) -> float:
    """Of t = a + b x^p at three sizes, each `FACTOR` times the one before; NaN where time hardly grows."""
    first, second = seconds[1] - seconds[0], seconds[2] - seconds[1]
    if first + second < 0.5 or first <= 0:
        return math.nan
    return math.log(second / first) / math.log(FACTOR) if second > 0 else 0.0


def row(stage: str, found: list[dict[str, Cost]]) -> tuple[str, bool]:
    """A stage's line at three sizes, and whether it passes."""
    seconds, memory = zip(*(each[stage] for each in found), strict=True)
    time, slope = exponent(list(seconds)), math.log(memory[2] / memory[1]) / math.log(FACTOR)
    passes = not time > LINEAR and slope <= FLAT
    times = " ".join(f"{each:8.2f}" for each in seconds)
    peaks = " ".join(f"{each:6.0f}" for each in memory)
    power = "" if math.isnan(time) else f"{time:.2f}"
    return (
        f"{stage:12} {times} {power:>9} {peaks} {slope:6.2f}  {'pass' if passes else 'FAIL'}",
        passes,
    )


def main() -> None:
    failed = []
    for axis in sys.argv[1:] or LEAST:
        sizes = [LEAST[axis] * FACTOR**step for step in range(3)]
        found = [costs(**{**LEAST, axis: size}) for size in sizes]
        print(f"\n{axis}: {', '.join(f'{size:,}' for size in sizes)}")
        print(f"{'stage':12} {'CPU seconds':>26} {'exponent':>9} {'MiB':>20} {'slope':>6}")
        for stage in STAGES:
            line, passes = row(stage, found)
            print(line, flush=True)
            failed += [] if passes else [f"{stage} by {axis}"]
    print(
        f"\ntime at most in proportion, memory flat: {'NO: ' + ', '.join(failed) if failed else 'yes'}"
    )
    print(f"\n{HELD}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
