"""From Snakemake's wildcards to what a stage's module says of a job."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from experiment import Experiment
from fingerprint import canonical, digest, fingerprint
from gradnoise.store.paths import STUDY_STAGES
from run import Job
from sizes import Resources

# What each wildcard of a path may be.
WILDCARDS = {
    "run": r"\w+",
    "data": r"[\w-]+",
    "seed": r"\d+",
    "epoch": r"\d+",
    "repeat": r"\d+",
    "part": r"\d+",
    "of": r"\d+",
    "parameter": r"[^/]+",
    "figure": r"\w+",
    "variant": r"\w+",
    "stage": "|".join(STUDY_STAGES),
    "study": r"\w+",
    "piece": r"[\w.+-]+",
}


def job_of(experiment: Experiment, wildcards: Mapping[str, str]) -> Job:
    """The job that makes a file, by the wildcards of its path."""
    given = dict(wildcards.items())
    counted = "seed", "epoch", "repeat", "part"
    numbers = {name: int(given[name]) for name in counted if name in given}
    names = {name: given[name] for name in ("parameter", "variant", "figure") if name in given}
    return Job(experiment.runs[given["run"]], **numbers, **names)  # type: ignore[arg-type]


@cache
def _code(name: str, source: Path) -> tuple[str, ...]:
    return fingerprint(f"gradnoise.{name}.__main__", source)


class Stage:
    """What rules ask about a stage's jobs: functions of the wildcards, as Snakemake calls them.

    A job is about a checkpoint of a run, or some layers there, about a data set, about a piece of a study, or, without
    wildcards, about the whole experiment.
    """

    def __init__(
        self, name: str, experiment: Experiment, source: Path, layers: tuple[str, ...] = ()
    ) -> None:
        self.code = _code(name, source)
        self._name, self._experiment, self._source = name, experiment, source
        self._layers = layers
        self._module = import_module(f"stages.{name}")

    def settings(self, wildcards: Mapping[str, str]) -> str:
        """What the job reads of the config."""
        return canonical(self._module.settings(self._subject(wildcards)))

    def model(self, wildcards: Mapping[str, str]) -> tuple[str, ...]:
        """Fingerprint of the user's own model and loss, which a job of a run runs."""
        subject = self._subject(wildcards)
        return subject.run.own_source if isinstance(subject, Job) else ()

    def study(self, wildcards: Mapping[str, str]) -> tuple[str, ...]:
        """Fingerprint of the study that a job makes a piece of; its stage's program names none."""
        if "piece" not in dict(wildcards.items()):
            return ()
        name = self._subject(wildcards)["study"]
        return fingerprint(f"gradnoise.{self._name}.studies.{name}", self._source)

    def source(self, wildcards: Mapping[str, str]) -> str:
        """All code that the job runs, in one word, for the manifest of its work area."""
        return digest(self.code, self.model(wildcards), self.study(wildcards))

    def threads(self, wildcards: Mapping[str, str]) -> int:
        """Processors."""
        return self._resources(wildcards).threads

    def memory(self, wildcards: Mapping[str, str], attempt: int) -> int:
        """MiB; an attempt after a failed one asks for more."""
        return attempt * self._resources(wildcards).memory

    def minutes(self, wildcards: Mapping[str, str], attempt: int) -> int:
        """Until a scheduler may stop it."""
        return attempt * self._resources(wildcards).minutes

    def gpu(self, wildcards: Mapping[str, str]) -> int:
        """GPUs."""
        return self._resources(wildcards).gpu

    def _resources(self, wildcards: Mapping[str, str]) -> Resources:
        resources: Resources = self._module.resources(self._subject(wildcards))
        return resources

    def _subject(self, wildcards: Mapping[str, str]) -> Any:
        given = dict(wildcards.items())
        if "run" in given:
            return job_of(self._experiment, given)._replace(layers=self._layers)
        if "piece" in given:
            return self._experiment.pieces(self._name)[given["piece"]]
        return self._experiment.data[given["data"]] if given else self._experiment
