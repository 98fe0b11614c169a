"""What planning costs Snakemake: processor time and memory of a dry run with thousands of layers' results.

python benchmarks/planning.py [results]

The experiment is ResNet-56 at many checkpoints, whose layers share jobs as the workflow has them. Beside it stands a bare
Snakefile with as many jobs, rules, files and wildcards, whose rules say nothing else: what Snakemake itself takes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
import groups
from experiment import Experiment, merged
from gradnoise.store.paths import LAYER_STAGES
from run import Run

ROOT = Path(__file__).parents[1]
RESULTS = 10_000  # tests, distances and tails of layers
EPOCHS = 10  # checkpoints of a seed
MORE_THAN_BARE, SECONDS, MEMORY = 1.7, 12.0, 400  # at most

BARE = """
wildcard_constraints: run=r"\\w+", seed=r"\\d+", epoch=r"\\d+", repeat=r"\\d+", parameter=r"[^/]+"
LAYERS = {layers}
AT = "out/{{run}}/seed-{{seed}}/epoch-{{epoch}}"
PLACES = [AT.format(run="run", seed=s, epoch=e) for s in {seeds} for e in {epochs}]
REPEATS = [AT + f"/noise/repeat-{{r}}.zarr" for r in {repeats}]
TESTED = [f"{{AT}}/{{stage}}/{{layer}}.h5" for layer in LAYERS for stage in ("gaussianity", "clt", "tails")]

rule all:
    input:
        [f"{{at}}/rejection.h5" for at in PLACES],
        [f"{{at}}/{{stage}}/{{layer}}.h5" for at in PLACES for layer in LAYERS for stage in ("clt", "tails")]
rule training:
    output: directory("out/{{run}}/seed-{{seed}}/checkpoints")
    shell: "true"
rule gradients:
    input: rules.training.output
    output: directory(AT + "/gradients.zarr")
    shell: "true"
rule moments:
    input: rules.training.output, rules.gradients.output
    output: directory(AT + "/moments.zarr")
    shell: "true"
rule noise:
    input: rules.training.output, rules.gradients.output
    output: directory(AT + "/noise/repeat-{{repeat}}.zarr")
    shell: "true"
for NUMBER, PART in enumerate({gaussianity}):
    rule:
        name: f"gaussianity_{{NUMBER}}"
        input: REPEATS
        output: [AT + f"/gaussianity/{{layer}}.h5" for layer in PART]
        shell: "true"
for NUMBER, PART in enumerate({clt}):
    rule:
        name: f"clt_{{NUMBER}}"
        input: rules.gradients.output, rules.moments.output, [AT + f"/gaussianity/{{layer}}.h5" for layer in PART]
        output: [AT + f"/clt/{{layer}}.h5" for layer in PART]
        shell: "true"
for NUMBER, PART in enumerate({tails}):
    rule:
        name: f"tails_{{NUMBER}}"
        input: REPEATS, rules.gradients.output
        output: [AT + f"/tails/{{layer}}.h5" for layer in PART]
        shell: "true"
rule rejection:
    input: TESTED, REPEATS, rules.gradients.output
    output: AT + "/rejection.h5"
    shell: "true"
"""


class Cost(NamedTuple):
    """Of a process: user seconds, and the most memory that it held, MB."""

    seconds: float
    memory: float


def cost(folder: Path, *options: str) -> Cost:
    """Of a dry run in a folder."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "-n", "--quiet", "all", *options]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed in {folder}")
    return Cost(used.ru_utime, used.ru_maxrss / 1e3)


def overlay(seeds: int) -> dict[str, Any]:
    """ResNet-56 trained from so many seeds, measured at EPOCHS checkpoints of each."""
    epochs = list(range(EPOCHS))
    return {
        "runs": ["many"],
        "run_definitions": {"many": {}},
        "data": {"dataset": "cifar10", "path": "data/cifar10", "download": True},
        "model": {"name": "resnet56"},
        "training": {"seeds": list(range(1, seeds + 1)), "epochs": EPOCHS - 1},
        "noise": {"checkpoints": epochs, "strategy": "per_sample"},
        "trajectory": {"variants": []},
        "balance": {"studies": []},
        "geometry": {"studies": []},
    }


def measured(config: dict[str, Any]) -> Run:
    """The only run of an experiment."""
    defaults = yaml.safe_load((ROOT / "config.yaml").read_text())
    whole = merged(defaults, config) | {"run_definitions": config["run_definitions"]}
    (run,) = Experiment(whole).runs.values()
    return run


def copy(folder: Path) -> None:
    for name in ("config.yaml", "Snakefile"):
        shutil.copy(ROOT / name, folder)
    for name in ("workflow", "src", "data"):
        (folder / name).symlink_to(ROOT / name)


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else RESULTS
    layers = [parameter.name for parameter in measured(overlay(1)).measured]
    seeds = max(1, round(wanted / (3 * len(layers) * EPOCHS)))
    config = overlay(seeds)
    run = measured(config)
    with tempfile.TemporaryDirectory() as temporary:
        own, bare = (Path(temporary, name) for name in ("own", "bare"))
        for folder in (own, bare):
            folder.mkdir()
        copy(own)
        (own / "many.yaml").write_text(yaml.safe_dump(config))
        parts = {stage: groups.partition(run, stage) for stage in LAYER_STAGES}
        about = {"layers": layers, "seeds": run.seeds, "epochs": run.epochs}
        text = BARE.format(**about, repeats=run.repeats, **parts)
        (bare / "Snakefile").write_text(text)
        places = seeds * EPOCHS
        jobs = places * sum(map(len, parts.values()))
        print(
            f"{3 * len(layers) * places} results of {len(layers)} layers at {places} places, in {jobs} jobs"
        )
        first = cost(own, "--configfile", "many.yaml")
        again = cost(own, "--configfile", "many.yaml")
        alone = cost(bare)
    for name, found in (("first", first), ("again", again), ("bare Snakefile", alone)):
        print(f"{name:16}{found.seconds:8.1f} s user{found.memory:8.0f} MB")
    ratio = again.seconds / alone.seconds
    print(f"{ratio:.2f} times the bare one (wanted: at most {MORE_THAN_BARE})")
    print(f"wanted on an idle machine: at most {SECONDS:g} s user and {MEMORY} MB")


if __name__ == "__main__":
    main()
