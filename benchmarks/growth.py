"""How the cost of a stage grows with batches, coordinates and samples: its processor time, and its peak memory.

python benchmarks/growth.py [axis ...]          of batches, coordinates, samples; all by default

Every stage runs as the workflow runs it, on a multilayer perceptron, at three sizes of one axis, each four times the
one before, the other two at their least. Start-up aside, time is a power of the size: the exponent is
log((t3 - t2) / (t2 - t1)) / log(4), and 1 is linear. It is left out where less than half a second is added. Memory is the
process' largest resident set; beside it, how much of it each fourfold size adds. Run it on an idle machine, `OMP_NUM_THREADS=1`.
"""

import math
import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

import jobs
from experiment import Experiment, merged
from gradnoise.store.paths import Checkpoint, Paths

ROOT = Path(__file__).parents[1]

LEAST = {"batches": 300, "coordinates": 1_000, "samples": 5_000}
FACTOR = 4
STAGES = ("gradients", "noise", "moments", "gaussianity", "clt", "tails")
LAYER = "linear2"
REPEATS = (1, 2)
MEMORY = 0.125  # GiB for buffers: less than the largest sizes could fill


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
            **{"directions": 0, "strategy": "per_sample", "memory": MEMORY},
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

    data, checkpoints = paths.data(), paths.checkpoints("mlp", 1)
    noise = [paths.noise(at, repeat) for repeat in REPEATS]
    gradients, moments, gaussianity, clt, tails = (
        *(paths.gradients(at), paths.moments(at)),
        *(paths.layer(stage, at, f"{LAYER}.weight") for stage in ("gaussianity", "clt", "tails")),
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
    return found


def exponent(seconds: list[float]) -> str:
    """Of t = a + b x^p at three sizes, each `FACTOR` times the one before; blank where time hardly grows."""
    first, second = seconds[1] - seconds[0], seconds[2] - seconds[1]
    if first + second < 0.5 or first <= 0:
        return ""
    return f"{math.log(second / first) / math.log(FACTOR):.2f}" if second > 0 else "0"


def main() -> None:
    for axis in sys.argv[1:] or LEAST:
        sizes = [LEAST[axis] * FACTOR**step for step in range(3)]
        found = []
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                found.append(chain(Path(folder), **{**LEAST, axis: size}))
        print(f"\n{axis}: {', '.join(f'{size:,}' for size in sizes)}")
        print(f"{'stage':12} {'CPU seconds':>26} {'exponent':>9} {'MiB':>21} {'added':>12}")
        for stage in STAGES:
            seconds = [costs[stage].seconds for costs in found]
            memory = [costs[stage].memory for costs in found]
            added = " ".join(f"{after - before:+5.0f}" for before, after in pairwise(memory))
            times = " ".join(f"{each:8.2f}" for each in seconds)
            peaks = " ".join(f"{each:6.0f}" for each in memory)
            print(f"{stage:12} {times} {exponent(seconds):>9} {peaks} {added:>12}", flush=True)


if __name__ == "__main__":
    main()
