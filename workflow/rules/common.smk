import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
SOURCE = ROOT / "src"
sys.path[:0] = [str(ROOT / "workflow"), str(SOURCE)]

import drawn
import environment
import plan
import planned_run
import resources
from fingerprint import fingerprint
from gradnoise.errors import InputError
from schemas.configuration import check_duplicates
from snakemake.exceptions import WorkflowError

environment.prepare(SOURCE)

try:
    for file in workflow.configfiles:
        check_duplicates(Path(file))
    EXPERIMENT = plan.Experiment(config)
except InputError as error:
    raise WorkflowError(f"The config cannot be run:\n{error}")

RUNS = EXPERIMENT.runs
OUTPUT = EXPERIMENT.output
LOGS = f"logs/{OUTPUT}"

# The local limit on jobs that use a GPU at once; `--resources gpu=N` and profiles override it.
if environment.local_gpus():
    workflow.global_resources.setdefault("gpu", environment.local_gpus())


wildcard_constraints:
    run=r"\w+",
    data=r"[\w-]+",
    seed=r"\d+",
    epoch=r"\d+",
    repeat=r"\d+",
    parameter=r"[\w.]+",
    figure=r"\w+",
    variant=r"\w+",


def source(stage):
    """Fingerprint of the code that a stage runs, one item a module: Snakemake names the culprit."""
    return fingerprint(f"gradnoise.{stage}.__main__", SOURCE)


def digest(stage):
    """The same in one word, for the manifest of the stage's work area."""
    return planned_run.digest(source(stage))


def run_of(wildcards):
    return RUNS[wildcards.run]


def trained(wildcards):
    """Checkpoints of the networks that a run measures."""
    return f"{OUTPUT}/{run_of(wildcards).trained_by}/seed-{wildcards.seed}/checkpoints"


def data_of(wildcards):
    return f"{OUTPUT}/data/{run_of(wildcards).data}.h5"


def checkpoint_of(wildcards):
    """Folder of the checkpoint whose per-sample gradients a run draws from."""
    run = EXPERIMENT.gradients_of(
        run_of(wildcards), int(wildcards.seed), int(wildcards.epoch)
    )
    return f"{OUTPUT}/{run}/seed-{wildcards.seed}/epoch-{wildcards.epoch}"


def gradients_of(wildcards):
    """Per-sample gradients from which a run draws its batches."""
    return f"{checkpoint_of(wildcards)}/gradients.zarr"


def noise_of(wildcards):
    """All repeats of a run's noise at a checkpoint."""
    return expand(
        rules.noise.output,
        run=wildcards.run,
        seed=wildcards.seed,
        epoch=wildcards.epoch,
        repeat=run_of(wildcards).repeats,
    )
