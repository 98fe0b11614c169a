"""What tests, distances and tails of layers cost beside their work: in a process a layer, and in one for each group of layers.

python benchmarks/layers.py [stage ...]      of gaussianity, clt, tails; all by default

ResNet-56 as in the paper (`workflow/experiments/resnet56.yaml`), one checkpoint, with made-up gradients and noise of the
true sizes. All 56 layers would be 60 GB and an hour of work: SAMPLE says which of the workflow's groups are run, once
as they are and once with a process for every layer. All is processor time: analysis is spent inside the functions that
analyse a layer, the reading of its arrays included, writing on its results, compressed, and the rest of a job's process, from
Python's start to its end, is overhead. Waiting for a queue, a disk or Snakemake does not count.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
import groups
import sizing
from gradnoise.data.variables import TARGETS
from gradnoise.gradients import store as gradients
from gradnoise.gradients.parameters import StoredParameter
from gradnoise.moments.store import MOMENTS, put_moments
from gradnoise.noise import store as noise
from gradnoise.store import arrays, checksums
from gradnoise.store.paths import Checkpoint, Paths
from gradnoise.store.results import created
from run import Job, Run

CONFIG = "workflow/experiments/resnet56.yaml"
MOST = 0.1  # overhead that is wanted, of the work
# Numbers of the groups that are run: small layers, and large ones. Distances read the files of tests.
SAMPLE = {"gaussianity": (0,), "clt": (0, 1, 19), "tails": (0, 10)}
ROWS = 1024  # samples of gradients to a chunk
# Of every stage the functions that analyse a layer, by their modules; `write` of its results writes them.
ANALYSIS = {
    "gaussianity": {"gradnoise.gaussianity.analysis": ("describe_layer", "examples")},
    "clt": {"gradnoise.clt.analysis": ("analyse",)},
    "tails": {
        "gradnoise.tails.analysis": ("measure_tails",),
        "gradnoise.tails.population": ("analyse_samples",),
    },
}
# Runs a stage as its command does, and says how much processor time went into analysis and into writing.
PROGRAM = """
import importlib, json, runpy, sys, time
spent = {"analysis": 0.0, "writing": 0.0}
def timed(function, what):
    def call(*given, **named):
        begin = time.process_time()
        try:
            return function(*given, **named)
        finally:
            spent[what] += time.process_time() - begin
    return call
analysis, stage = json.loads(sys.argv.pop(1)), sys.argv.pop(1)
for module, names in {**analysis, f"{stage}.results": ["write"]}.items():
    module = importlib.import_module(module)
    for name in names:
        what = "writing" if name == "write" else "analysis"
        setattr(module, name, timed(getattr(module, name), what))
try:
    runpy.run_module(stage, run_name="__main__", alter_sys=True)
finally:
    print(json.dumps(list(spent.values())))
"""


def job(stage: str, settings: Mapping[str, Any], **paths: Any) -> list[float]:
    """Processor seconds of one job: for analysis, for writing, in all."""
    options = [
        json.dumps(ANALYSIS[stage]),
        f"gradnoise.{stage}",
        "--settings",
        json.dumps(settings),
    ]
    for name, given in paths.items():
        options += [f"--{name}", *map(str, given if isinstance(given, list) else [given])]
    before = os.times()
    command = [sys.executable, "-c", PROGRAM, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = os.times()
    if done.returncode:
        sys.exit(f"{stage}: {done.stderr[-2000:]}")
    user, system = (getattr(after, f"children_{name}") for name in ("user", "system"))
    whole = user - before.children_user + system - before.children_system
    return [*json.loads(done.stdout), whole]


class Checkpointed:
    """Made-up results of one checkpoint, as the stages above write them."""

    def __init__(
        self, folder: Path, run: Run, layers: Sequence[str], with_gradients: Sequence[str]
    ) -> None:
        self.run, self.at, self.paths = run, Checkpoint(run.name, 1, 10), Paths(folder)
        self.parameters = {
            each.name: self._stored(each) for each in run.measured if each.name in layers
        }
        self.with_gradients = {name: self.parameters[name] for name in with_gradients}
        self.noise = [self.paths.noise(self.at, repeat) for repeat in run.repeats]
        self.data, self.gradients = self.paths.data(), self.paths.gradients(self.at)
        self.moments = self.paths.moments(self.at)
        self._write_data()
        self._write_gradients()
        for repeat, path in zip(run.repeats, self.noise, strict=True):
            self._write_noise(Path(path), repeat)

    def _stored(self, parameter: Any) -> StoredParameter:
        directions = self.run.sections.noise.directions
        count = self.run.values(parameter) - directions
        chosen = np.sort(np.random.default_rng(1).permutation(parameter.size)[:count])
        about = {"size": parameter.size, "shape": list(parameter.shape), "layer": parameter.layer}
        about |= {"kind": parameter.kind, "places": parameter.places}
        return StoredParameter(chosen, directions, about)

    def _write_data(self) -> None:
        with created(Path(self.data)) as file:
            targets = np.random.default_rng(2).integers(0, 10, self.run.samples)
            file.create_group("train")[TARGETS.name] = targets
            file.attrs["classes"] = [str(number) for number in range(10)]

    def _write_gradients(self) -> None:
        samples = self.run.samples
        about = {"strategy": "per_sample", "sample_count": samples}
        root = arrays.zarr.open_group(self.gradients, mode="w", attributes=about)
        moments = arrays.zarr.open_group(self.moments, mode="w", attributes=about)
        gradients.create(root, self.with_gradients, samples, ROWS)
        random = np.random.default_rng(3)
        # Samples differ in the length of their gradients, as those of a network do.
        length = random.lognormal(0, 1, (samples, 1)).astype(np.float32)
        for name, parameter in self.with_gradients.items():
            for (field, full), count in zip(gradients.FIELDS, parameter.counts, strict=True):
                values = length * random.standard_normal((samples, count), dtype=np.float32)
                root[name][field.name][...] = values
                mean = values.mean(0, dtype=np.float64)
                noise.put_full_gradient(root[name], full, mean)
                if field is gradients.GRADIENT:
                    put_moments(moments, name, parameter, central(values, mean))
        for store in (root, moments):
            arrays.seal(store)
        for path in (self.gradients, self.moments):
            checksums.write_list(Path(path))

    def _write_noise(self, path: Path, repeat: int) -> None:
        section = self.run.sections.noise
        about = {"seed": 1, "epoch": 10, "repeat": repeat, "sampling": section.sampling}
        about |= {"sample_count": self.run.samples, "batch_sizes": section.batch_sizes}
        root = arrays.zarr.open_group(path, mode="w", attributes=about)
        given = section.batch_sizes, section.batches, noise.ROWS
        noise.create(root, self.parameters, *given)
        random = np.random.default_rng(10 + repeat)
        for name, parameter in self.parameters.items():
            for (field, full), count in zip(noise.FIELDS, parameter.counts, strict=True):
                shape = len(section.batch_sizes), section.batches, count
                root[name][field.name][...] = random.standard_normal(shape, dtype=np.float32)
                noise.put_full_gradient(root[name], full, np.zeros(count))
        arrays.seal(root)
        checksums.write_list(path)

    def files(self, stage: str, layers: Sequence[str]) -> list[str]:
        return [self.paths.layer(stage, self.at, layer) for layer in layers]

    def analyse(self, stage: str, settings: Mapping[str, Any], layers: Sequence[str]) -> Any:
        """Work and processor time of the job of some layers."""
        inputs: dict[str, Any] = {
            "gaussianity": {"noise": self.noise},
            "clt": {
                **{"gradients": self.gradients, "moments": self.moments},
                "gaussianity": self.files("gaussianity", layers),
            },
            "tails": {"noise": self.noise, "gradients": self.gradients, "data": self.data},
        }[stage]
        return job(stage, settings, **inputs, output=self.files(stage, layers))


def central(values: Any, mean: Any) -> list[Any]:
    """The mean and what `MOMENTS` says of its powers, by blocks of columns."""
    found = np.empty((len(MOMENTS), len(mean)))
    for start in range(0, len(mean), 100):
        columns = slice(start, start + 100)
        away = values[:, columns].astype(np.float64) - mean[columns]
        powers = away**2, np.abs(away) ** 3, away**3, away**4
        found[:, columns] = mean[columns], *(power.mean(0) for power in powers)
    return list(found)


def compare(made: Checkpointed, stage: str, parts: Sequence[tuple[str, ...]]) -> None:
    """Print what the layers of some groups take, in a job each and in a job for each group."""
    about = Job(made.run, made.at.seed, made.at.epoch)
    settings = importlib.import_module(f"stages.{stage}").settings(about)
    alone = [(layer,) for part in parts for layer in part]
    for name, jobs in (("a layer a job", alone), ("groups", parts)):
        seconds = [made.analyse(stage, settings, layers) for layers in jobs]
        analysis, writing, whole = (sum(each) for each in zip(*seconds, strict=True))
        overhead = whole - analysis - writing
        counted = f"{len(alone):7} {len(jobs):5} {analysis:9.1f} {writing:8.1f} {overhead:9.1f}"
        print(f"{stage:12} {name:14} {counted} {overhead / (analysis + writing):9.1%}", flush=True)


def main() -> None:
    run = sizing.read([str(Path(__file__).parents[1] / CONFIG)]).runs["resnet56"]
    stages = sys.argv[1:] or list(SAMPLE)
    sample = {
        stage: [groups.partition(run, stage)[number] for number in SAMPLE[stage]]
        for stage in SAMPLE
    }
    layers = {stage: [name for part in sample[stage] for name in part] for stage in SAMPLE}
    drawn = {name for stage in stages if stage != "gaussianity" for name in layers[stage]}
    used = sorted(drawn.union(*(layers[stage] for stage in stages)))
    with tempfile.TemporaryDirectory() as folder:
        made = Checkpointed(Path(folder), run, used, sorted(drawn))
        if "clt" in stages and "gaussianity" not in stages:
            sample = {**sample, "gaussianity": [tuple(layers["clt"])]}
            stages = ["gaussianity", *stages]
        print(
            f"{'':27} {'layers':>7} {'jobs':>5} {'analysis':>9} {'writing':>8} {'overhead':>9} of both"
        )
        for stage in stages:
            compare(made, stage, sample[stage])
    print(
        f"wanted of groups: an overhead of at most {MOST:.0%} of the work; seconds of processor time"
    )


if __name__ == "__main__":
    main()
