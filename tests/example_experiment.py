"""A tiny experiment with every stage, job by job in forks of this process: started in milliseconds."""

import importlib
import importlib.util
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import example_faults
import example_project
from gradnoise.store.paths import Paths

LONG = os.environ.get("GRADNOISE_FAULTS") == "long"  # `make faults`: all there is to try
OVERLAY = """
output: results
runs: [small]
run_definitions:
  small:
    data: {subset: 200}
    model: {name: linear}
    trajectory: {variants: [plain]}
training: {epochs: 2, seeds: [1]}
noise:
  checkpoints: [2]
  batch_sizes: [4, 16]
  batches: 30
  repeats: 2
  coordinates: 20
  directions: 10
  biases: false
gaussianity: {batches: [20, 30]}
trajectory:
  burn_in: 20
  steps: 100
  eigenvectors: 2
  curvature_samples: 50
  snapshots: 2
langevin: {surrogates: 40}
balance: {studies: [crossings], replicas: 100}
geometry: {width: 6, depths: [3], networks: 2, samples: 4}
related: {studies: [implicit_sgd], repeats: 2, length: 0.02}
calibration: {series: 2000}
control: {batches: 100}
"""
# Loaded once, so that a job starts in milliseconds.
PRELOADED = (
    "torch",
    "zarr",
    "h5py",
    "pandas",
    "numba",
    "scipy.stats",
    "scipy.linalg",
    "matplotlib.pyplot",
)


class Job(NamedTuple):
    """One command of the workflow.

    Attributes:
        rule: its name.
        module: of the program.
        arguments: its command line.
        outputs: what it publishes.
        inputs: what it reads.
        seconds: of processor time that it takes.
    """

    rule: str
    module: str
    arguments: list[str]
    outputs: list[Path]
    inputs: list[Path]
    seconds: float = 0.0

    def elsewhere(self, places: Mapping[Path, Path] | None = None, **settings: object) -> "Job":
        """The same job with its outputs in other places, in the folder `trial` unless given, and other settings."""
        if places is None:
            places = {path: "trial" / path for path in self.outputs}
        moved = {str(path): str(place) for path, place in places.items()}
        arguments = [moved.get(word, word) for word in self.arguments]
        if settings:
            place = arguments.index("--settings") + 1
            found = json.loads(arguments[place])
            # The settings of stages that run a network have a section for each of what they need.
            found.get("training", found).update(settings)
            arguments[place] = json.dumps(found)
        return self._replace(arguments=arguments, outputs=list(places.values()))


def start(job: Job, folder: Path, prepare: Callable[[], None] = lambda: None) -> int:
    """Start a job in a fork of this process; its number. What it says goes to `said` in the folder."""

    def program() -> None:
        sys.argv = [job.module, *job.arguments]
        sys.path.insert(0, str(folder))
        prepare()
        runpy.run_module(job.module, run_name="__main__", alter_sys=True)

    return example_faults.forked(program, folder)


def run(job: Job, folder: Path, prepare: Callable[[], None] = lambda: None) -> example_faults.Ended:
    """Run a job to its end."""
    return example_faults.wait(start(job, folder, prepare), folder)


class TinyExperiment:
    """The finished experiment.

    Attributes:
        folder: of the project.
        jobs: all, in an order in which they can run.
        expected: SHA-256 of every result, by its path.
    """

    def __init__(self, folder: Path, jobs: list[Job], expected: Mapping[str, str]) -> None:
        self.folder, self.jobs, self.expected = folder, jobs, expected

    def job(self, rule: str) -> Job:
        """The first of a rule's jobs."""
        return next(job for job in self.jobs if job.rule == rule)

    def maker(self, path: Path) -> Job:
        """The job that publishes a file."""
        return next(
            job
            for job in self.jobs
            if any(path.is_relative_to(each) or path == each for each in job.outputs)
        )

    def all_readers(self, path: Path) -> list[Job]:
        """The jobs that are given a file."""
        return [job for job in self.jobs if any(path.is_relative_to(each) for each in job.inputs)]

    def readers(self, path: Path) -> list[Job]:
        """The first of them of every rule."""
        found: dict[str, Job] = {}
        for job in self.all_readers(path):
            found.setdefault(job.rule, job)
        return list(found.values())

    def of(self, job: Job) -> dict[str, str]:
        """What a job's results were, the same for every fault."""
        return {
            path: value
            for path, value in self.expected.items()
            if any(
                Path(path).is_relative_to(each) or Path(path) == example_faults.beside(each)
                for each in job.outputs
            )
        }

    def rules(self) -> list[str]:
        """All rules that a job was done of."""
        return list(dict.fromkeys(job.rule for job in self.jobs))

    def found(self, job: Job) -> dict[str, str]:
        """What they are now."""
        return example_faults.contents(job.outputs, self.folder)

    def forget(self, job: Job) -> None:
        """Remove a job's outputs, and all that attempts at it have left."""
        example_faults.remove(example_faults.traces(job.outputs, self.folder), self.folder)

    def split(self, rule: str, of: int = 2) -> list[Job]:
        """The jobs that make a store in parts, and the one that joins them: as with `noise.shards`."""
        whole = self.job(rule)
        (output,) = whole.outputs
        places = [Path(Paths("results").part(str(output), k + 1, of)) for k in range(of)]
        made = [
            whole.elsewhere({output: place}, part=[k + 1, of]) for k, place in enumerate(places)
        ]
        at = whole.arguments.index("--parts") + 1
        arguments = [*whole.arguments[:at], *map(str, places), *whole.arguments[at:]]
        joined = whole._replace(rule=f"{rule}, joined", arguments=arguments)
        return [*(job._replace(rule=f"{rule}, a part") for job in made), joined]


def create(folder: Path) -> TinyExperiment:
    """The tiny experiment's project in a folder, every job done."""
    folder.mkdir()
    example_project.create(folder)
    (folder / "overlay.yaml").write_text(OVERLAY)
    done = example_project.snakemake(folder, "--cores", "2", "--dry-run", "--printshellcmds")
    assert done.returncode == 0, done.stdout + done.stderr
    plan, jobs, expected = planned(done.stdout + done.stderr), [], {}
    preload(plan)
    for job in plan:
        ended = run(job, folder)
        assert ended.status == 0, f"{job.rule}: {ended.said}"
        jobs.append(job._replace(seconds=ended.seconds))
        expected |= example_faults.contents(job.outputs, folder)
    return TinyExperiment(folder, jobs, expected)


def copied(experiment: TinyExperiment, folder: Path) -> TinyExperiment:
    """A copy to try faults on."""
    # With hard links as they are: what is kept for a second attempt is damaged with the file itself.
    subprocess.run(["cp", "-a", experiment.folder, folder], check=True)
    return TinyExperiment(folder, experiment.jobs, experiment.expected)


def preload(jobs: Iterable[Job]) -> None:
    """Load what jobs import, so that a fork starts in milliseconds."""
    for name in PRELOADED:
        importlib.import_module(name)
    for module in {job.module for job in jobs}:
        spec = importlib.util.find_spec(module)
        package = spec is not None and spec.submodule_search_locations is not None
        importlib.import_module(f"{module}.__main__" if package else module)


def planned(plan: str) -> list[Job]:
    """The jobs of a dry run that prints commands."""
    found = []
    for block in re.split(r"\n(?=rule \w+:)", plan)[1:]:
        command = re.search(r"python -m (gradnoise\.\S+) (.*?) 2> \S+$", block, re.M)
        rule = re.match(r"rule (\w+?)(?:_\d+)?:", block)
        if command is None or rule is None:
            continue
        inputs, outputs = (
            [Path(path) for path in line[1].split(", ")]
            if (line := re.search(rf"^ *{key}: (.*)$", block, re.M))
            else []
            for key in ("input", "output")
        )
        found.append(Job(rule[1], command[1], shlex.split(command[2]), outputs, inputs))
    return found
