"""What an experiment asks for, before anything runs: `python workflow/sizes.py CONFIG [CONFIG ...]` prints it.

python workflow/sizing.py     writes docs/sizing.md anew
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError

import groups
import sizes
from experiment import DEFAULTS, FIGURE_FORMATS, Experiment, merged
from gradnoise.clt.columns import GROUPS
from gradnoise.errors import InputError
from gradnoise.gaussianity.normality import statistics
from gradnoise.gradients import strategy
from gradnoise.moments.store import ARRAYS
from gradnoise.store.paths import LAYER_STAGES, STUDY_STAGES
from run import Job, Run
from stages import data, figures, related

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/sizing.md"
HELD = (ROOT / "docs/data/sizing/memory.md").read_text().rstrip()  # what memory grows with
ALEXNET = "workflow/experiments/alexnet.yaml"
EXAMPLES = {
    "AlexNet": (ALEXNET,),
    "ResNet-56": ("workflow/experiments/resnet56.yaml",),
    "A network of 25 million weights": (ALEXNET, "docs/data/sizing/alexnet_25_million.yaml"),
}
# Bytes for every number: of a test of a coordinate; of a tail's index and scale, float32, and whether it was found; of a
# coordinate's moments, float64, and its index; of a p-value, and whether its noise varies; of two moments without each group.
TESTED = sum(np.dtype(field.dtype).itemsize for each in statistics() for field in each.fields)
ESTIMATED, MOMENTS, HELD_OUT, WITHOUT = 9, 8 * len(ARRAYS["{parameter}"]), 9, 16 * GROUPS
WHOLE = "the experiment"
INTRODUCTION = """# How large an experiment is

Written by `python workflow/sizing.py`; a test holds the page and the code together. For any other config:

    python workflow/sizes.py CONFIG [CONFIG ...]

prints the same before anything runs, each config over `config.yaml` and those before it, as Snakemake takes them. Memory,
minutes and GPUs are what the rules ask a scheduler for, of the job that asks for most. "Hours" adds up what all jobs of a
stage ask for; "beyond the least" leaves out the minutes that every job asks for whatever it does (5 to 20, since queues are
slow), so much of the first and little of the second means many short jobs; a job's work counts in whole minutes, less than one as
none. Both are generous by a factor of two or so, by rates measured on processors; that a GPU takes the place of {cores} of
them is assumed, not measured. Disk is what arrays take before they are compressed, in GB of 10⁹ bytes: weights, per-sample
gradients and their moments, noise, and the numbers of single coordinates. It leaves out the data set, tables, figures and
whatever else is little beside these. `coordinates` and `directions` of a layer decide it, not the network's size."""
HEAD = """| stage | jobs | MiB a job | minutes a job | GPU | hours | beyond the least | GB |
|:---|---:|---:|---:|---:|---:|---:|---:|"""


class Needs(NamedTuple):
    """What all jobs of a stage need; without a run, those of the whole experiment.

    Attributes:
        jobs: their number.
        memory, minutes, gpu: the most that one of them asks a scheduler for: MiB, minutes and GPUs.
        hours: that all jobs together ask for.
        beyond: hours of these beyond the minutes that every job asks for, whatever it does.
        stored: bytes of their results before compression.
    """

    jobs: int
    memory: int
    minutes: int
    gpu: int
    hours: float
    beyond: float
    stored: float


def jobs_of(experiment: Experiment, run: Run) -> Iterator[tuple[str, Job]]:
    """Every job of a run with its stage, in the order of the pipeline; not those of other runs that it shares."""
    borrowing = [each for each in experiment.runs.values() if each.trained_by == run.name]
    for seed in sorted({seed for each in borrowing for seed in each.seeds}):
        yield "training", Job(run, seed)
    places = [Job(run, seed, epoch) for seed in run.seeds for epoch in run.epochs]
    own = [at for at in places if experiment.gradients_of(at) == at.checkpoint]
    drawn = [at._replace(repeat=repeat) for at in places for repeat in run.repeats]
    yield from (("gradients", each) for at in own for each in (*at.parts, at))
    yield from (("noise", each) for at in drawn for each in (*at.parts, at))
    yield from (("moments", at) for at in own)
    for stage in LAYER_STAGES:
        parts = groups.partition(run, stage)
        yield from ((stage, at._replace(layers=each)) for at in places for each in parts)
    yield from (("rejection", at) for at in places)
    last = run.sections.training.epochs
    variants = run.sections.trajectory.variants
    followed = [Job(run, seed, last, variant=name) for seed in run.followed for name in variants]
    yield from (("trajectory", at) for at in followed)
    yield from (
        ("langevin", at._replace(parameter=name)) for at in followed for name in run.subspaces
    )


def stored(stage: str, job: Job) -> float:
    """Bytes of a job's results before they are compressed; 0 where they are little beside others'."""
    if job.part:
        return 0  # the same files as the whole store's
    run = job.run
    noise, trajectory, values = run.sections.noise, run.sections.trajectory, sizes.values(run)
    kinds, counts, repeats = len(noise.batch_sizes), len(run.sections.test_batches), noise.repeats
    width = sum(map(run.values, job.parameters))
    coordinates = width - noise.directions * len(job.parameters)
    match stage:
        case "training":
            return 4 * run.weights * len(run.sections.training.saved_epochs)
        case "gradients" if sizes.draws_from_samples(run):
            return strategy.gradient_bytes(run.samples, values)
        case "noise":
            return strategy.noise_bytes(kinds, noise.batches, values)
        case "moments" if run.has_moments:
            return MOMENTS * (values - noise.directions * len(run.measured))
        case "gaussianity":
            return TESTED * kinds * counts * repeats * width
        case "clt" if sizes.draws_from_samples(run):
            return coordinates * (HELD_OUT * kinds * counts * repeats + WITHOUT)
        case "tails":
            return ESTIMATED * kinds * repeats * len(run.sections.tails.methods) * coordinates
        case "trajectory":  # positions and velocities
            each = trajectory.variant(job.variant)
            return 8 * each.replicas * each.steps * each.directions * len(run.subspaces)
    return 0


def whole(experiment: Experiment) -> Iterator[tuple[str, sizes.Resources]]:
    """Jobs that belong to no run, with what they ask for; figures of runs are among them."""
    yield from (("data", data.resources(each)) for each in experiment.data.values())
    for stage in ("calibration", "control", *STUDY_STAGES, "tables", "claims", "report"):
        asked = import_module(f"stages.{stage}").resources
        subjects = experiment.pieces(stage).values() if stage in STUDY_STAGES else (experiment,)
        yield from ((stage, asked(each)) for each in subjects)
    yield from (("related", related.RESOURCES) for _ in experiment.studies())
    drawn = len(experiment.figure_files()) // len(FIGURE_FORMATS)
    yield from (("figures", figures.RESOURCES) for _ in range(drawn))


def needs(experiment: Experiment, name: str) -> dict[str, Needs]:
    """What a run, or the experiment beside its runs, needs, by stage in the order of the pipeline."""
    found: dict[str, list[tuple[sizes.Resources, float]]] = {}
    if name == WHOLE:
        for stage, asked in whole(experiment):
            found.setdefault(stage, []).append((asked, 0))
    else:
        for stage, job in jobs_of(experiment, experiment.runs[name]):
            asked = import_module(f"stages.{stage}").resources(job)
            found.setdefault(stage, []).append((asked, stored(stage, job)))
    return {stage: _together(jobs, name != WHOLE) for stage, jobs in found.items()}


def _together(jobs: Sequence[tuple[sizes.Resources, float]], of_run: bool) -> Needs:
    asked = [each for each, _ in jobs]
    return Needs(
        jobs=len(jobs),
        memory=max(each.memory for each in asked),
        minutes=max(each.minutes for each in asked),
        gpu=max(each.gpu for each in asked),
        hours=sum(each.minutes for each in asked) / 60,
        beyond=sum(each.minutes - each.least for each in asked) / 60 if of_run else 0,
        stored=sum(each for _, each in jobs),
    )


def summed(all_needs: Iterable[Needs]) -> Needs:
    """What several stages need: sums, and the most that one job asks for."""
    jobs, memory, minutes, gpu, hours, beyond, size = zip(*all_needs, strict=True)
    most = max(memory), max(minutes), max(gpu)
    return Needs(sum(jobs), *most, sum(hours), sum(beyond), sum(size))


def report(experiment: Experiment) -> str:
    """A table for every run, one for the rest, and the sum of all; Markdown."""
    parts, sums = [], []
    for name in (*experiment.runs, WHOLE):
        found = needs(experiment, name)
        sums.append(summed(found.values()))
        rows = [_row(stage, each) for stage, each in found.items()]
        said = "Beside the runs:" if name == WHOLE else _described(experiment.runs[name])
        parts.append(f"{said}\n\n" + "\n".join([HEAD, *rows, _row("**sum**", sums[-1])]))
    total = summed(sums)
    parts.append(
        f"In all {total.jobs:,} jobs, {total.hours:,.0f} hours ({total.beyond:,.0f} beyond the least), "
        f"{total.stored / 1e9:,.1f} GB; the largest job asks for {total.memory:,} MiB, the longest for "
        f"{total.minutes:,} minutes."
    )
    return "\n\n".join(parts)


def _described(run: Run) -> str:
    samples = f"{run.samples:,} samples{'' if run.description else ' (estimated)'}"
    return (
        f"`{run.name}`: {run.weights:,} parameters; {sizes.values(run):,} numbers in {len(run.measured)} layers are "
        f"kept of a sample or batch; {samples}; {1e3 * sizes.seconds(run):.2g} ms forward and backward for one on one core."
    )


def _row(name: str, need: Needs) -> str:
    numbers = need.jobs, need.memory, need.minutes, need.gpu
    hours = f"{need.hours:,.1f} | {need.beyond:,.1f} | {need.stored / 1e9:,.2f}"
    return f"| {name} | {' | '.join(f'{each:,}' for each in numbers)} | {hours} |"


def read(files: Iterable[str]) -> Experiment:
    """The experiment of config files, each over the ones before, and all over the defaults.

    Raises:
        InputError: where the config cannot be run.
    """
    config: dict[str, Any] = {}
    paths = [Path(file) for file in files]
    for path in (ROOT / DEFAULTS, *paths):
        try:
            config = merged(config, load_configfile(str(path)))
        except (OSError, WorkflowError) as error:
            raise InputError(f"{path}: {error}") from None
    return Experiment(config, paths)


def page() -> str:
    """docs/sizing.md."""
    parts = [INTRODUCTION.format(cores=sizes.GPU_CORES), f"## What memory grows with\n\n{HELD}"]
    for title, files in EXAMPLES.items():
        experiment = read(str(ROOT / file) for file in files)
        parts.append(f"## {title}\n\n    python workflow/sizes.py {' '.join(files)}")
        parts.append(report(experiment))
    return "\n\n".join(parts) + "\n"


def main(files: Sequence[str]) -> None:
    """Print what the experiment of some config files asks for, or end in the line that says what is wrong with them."""
    if not files or files[0].startswith("-"):
        sys.exit(
            "python workflow/sizes.py CONFIG [CONFIG ...]: each over config.yaml and those before"
        )
    try:
        print(report(read(files)))
    except InputError as error:
        sys.exit(f"The config cannot be run:\n{error}")


if __name__ == "__main__":
    PAGE.write_text(page())
