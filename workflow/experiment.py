"""What an experiment consists of: its runs, what they share, and the files that they make."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from snakemake.utils import update_config

import environment
from bounds import check_jobs, check_sizes
from configuration import Config, Parts, Sections, check_duplicates
from fingerprint import canonical
from gradnoise.errors import InputError
from gradnoise.store.paths import SHARED_STAGES, STUDY_STAGES, Checkpoint, Paths
from gradnoise.tables.scope import unsaid
from plain import require_plain
from run import Job, Run
from sections import check
from stages import figures, gradients

DEFAULTS = "config.yaml"
FIGURE_FORMATS = ("pdf", "png", "csv")


class Experiment:
    """The validated config: all runs with their data sets.

    Args:
        config: as merged by Snakemake.
        files: that it was read from.

    Attributes:
        sections: the config, typed; of its runs `runs` says more.
        command: by which the results can be made again.
        data: settings of the data sets, by the names of their files.

    Raises:
        InputError: one line for each problem of the config.
    """

    def __init__(self, config: Mapping[str, Any], files: Iterable[Path] = ()) -> None:
        files = list(files)
        for file in files:
            check_duplicates(file)
        _check_defaults(config, files)
        require_plain(config)
        self.sections = check(Config, config, "")
        self.config = dict(config)
        self.command = environment.command(files)
        self.paths = Paths(self.sections.output)
        self.data: dict[str, dict[str, Any]] = {}
        self.runs = {name: self._run(name) for name in self.sections.runs}
        if not self.runs and not (self.piece_folders() or self.studies()):
            keys = " or ".join(f"{stage}.studies" for stage in SHARED_STAGES)
            raise InputError(f"runs: found none; a run, or a study in {keys}, is needed")
        if self.runs and not any(run.epochs for run in self.runs.values()):
            raise InputError("noise.checkpoints: found none in any run; one run must sample noise")
        for run in self.runs.values():
            check_sizes(run)
            _check_widening(run)
            assert (
                run.measured is not None
            )  # layers that do not exist are an error before any job runs

    def _run(self, name: str) -> Run:
        definition = dict(self.config["run_definitions"][name] or {})
        parent = definition.pop("training_from", None)
        first_seeds = definition.pop("first_seeds", None)
        prefix = f"run {name}: " if definition else ""
        if parent is not None:
            self._check_borrowed(name, parent, definition)
            definition = merged(self.config["run_definitions"][parent] or {}, definition)
            definition.pop("first_seeds", None)
        base = {section: self.config[section] for section in Parts.model_fields}
        try:
            sections = check(Sections, merged(base, definition), "")
        except InputError as error:
            raise InputError("\n".join(prefix + line for line in str(error).splitlines())) from None
        seeds = sections.training.seeds
        if first_seeds is not None and not 1 <= first_seeds <= len(seeds):
            raise InputError(
                f"run_definitions.{name}.first_seeds: found {first_seeds!r}; accepted: 1 to "
                f"{len(seeds)}, the number of training.seeds"
            )
        check_jobs(name, sections, len(seeds[:first_seeds]))
        return Run(name, sections, parent or name, seeds[:first_seeds], self._data_name(sections))

    def _check_borrowed(self, name: str, parent: str, definition: Mapping[str, Any]) -> None:
        """Check a run that measures the networks another run trained."""
        definitions = self.config["run_definitions"]
        if parent not in self.sections.runs or "training_from" in (definitions[parent] or {}):
            raise InputError(
                f"run_definitions.{name}.training_from: found {parent!r}; accepted: a name in runs that "
                "trains itself"
            )
        changed = [section for section in ("data", "model", "training") if section in definition]
        if changed:
            raise InputError(
                f"run_definitions.{name}.{changed[0]}: a run with training_from measures another run's "
                "networks; it may override noise, gaussianity, clt and tails only"
            )

    def _data_name(self, sections: Sections) -> str:
        """File name of a run's data; settings that differ get names that differ."""
        settings, name = sections.data.model_dump(), sections.data.dataset
        if self.data.setdefault(name, settings) != settings:
            name += "-" + hashlib.sha256(canonical(settings).encode()).hexdigest()[:6]
            self.data[name] = settings
        return name

    def gradients_of(self, job: Job) -> Checkpoint:
        """The checkpoint whose per-sample gradients a job draws from.

        They do not depend on how batches are drawn: a run that borrows its networks borrows these too
        wherever the other run has the same.
        """
        other = self.runs[job.run.trained_by]
        same = job.run.name in self._draw_alike
        shared = same and job.seed in other.seeds and job.epoch in other.epochs
        return job._replace(run=other).checkpoint if shared else job.checkpoint

    @cached_property
    def _draw_alike(self) -> set[str]:
        """Runs whose per-sample gradients are those of the run that trained their networks, where both have a checkpoint."""
        runs = self.runs
        return {
            name
            for name, run in runs.items()
            if gradients.settings(Job(run)) == gradients.settings(Job(runs[run.trained_by]))
        }

    def notes(self) -> list[str]:
        """What the results will not be able to say, known before they are made; one line each."""
        sampled = [run for run in self.runs.values() if run.epochs]
        found = {
            run.name: unsaid(len(run.seeds), len(run.repeats), run.sections.model.name)
            for run in sampled
        }
        return [f"note: run {name}: {text}" for name, text in found.items() if text]

    def jobs(self) -> Iterator[Job]:
        """Every measured run, seed, epoch and parameter."""
        for run in self.runs.values():
            for seed in run.seeds:
                for epoch in run.epochs:
                    for parameter in run.measured:
                        yield Job(run, seed, epoch, parameter=parameter.name)

    def layer_files(self, stage: str) -> list[str]:
        """Per-layer results of a stage, of all runs."""
        return [self.paths.layer(stage, job.checkpoint, job.parameter) for job in self.jobs()]

    def rejection_files(self) -> list[str]:
        """Every run's checkpoints at its level of the test."""
        return [
            self.paths.rejection(Checkpoint(run.name, seed, epoch))
            for run in self.runs.values()
            for seed in run.seeds
            for epoch in run.epochs
        ]

    def langevin_files(self) -> list[str]:
        """Results of the langevin stage, of all runs."""
        return [
            self.paths.langevin(
                Checkpoint(run.name, seed, run.sections.training.epochs), variant, one
            )
            for run in self.runs.values()
            for seed in run.followed
            for variant in run.sections.trajectory.variants
            for one in run.subspaces
        ]

    def pieces(self, stage: str) -> dict[str, dict[str, Any]]:
        """What every job of one of STUDY_STAGES reads, by the name of its folder, in the order of their tables' rows."""
        found: dict[str, dict[str, Any]] = import_module(f"stages.{stage}").pieces(
            getattr(self.sections, stage)
        )
        return found

    def piece_folders(self) -> list[str]:
        """Folders of tables that belong to no run."""
        return [
            self.paths.piece(stage, name) for stage in STUDY_STAGES for name in self.pieces(stage)
        ]

    def studies(self) -> list[str]:
        """Files of the related studies that the config asks for."""
        return [self.paths.study(name) for name in self.sections.related.studies]

    def figure_files(self) -> list[str]:
        """Figures of all runs, in the order of the page."""
        return [
            self.paths.figure(suffix, run.name, figure)
            for run in self.runs.values()
            for figure in figures.figures_of(run)
            for suffix in FIGURE_FORMATS
        ] + [
            self.paths.figure(suffix, stage, figure)
            for figure, stage in figures.shared(self).items()
            for suffix in FIGURE_FORMATS
        ]

    def training_files(self) -> list[str]:
        """Histories of all networks, each once."""
        runs = self.runs.values()
        return sorted({self.paths.training(run.trained_by, s) for run in runs for s in run.seeds})


def merged(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Merge mappings deeply as Snakemake does: everything else, lists included, is replaced."""
    result = deepcopy(dict(base))
    update_config(result, override)
    return result


def _check_defaults(config: Mapping[str, Any], files: list[Path]) -> None:
    """Check that the defaults were read, where config files are given: Snakemake looks for them where it is started."""
    missing = set(Config.model_fields) - set(config)
    if files and missing and DEFAULTS not in [file.name for file in files]:
        raise InputError(
            f"{DEFAULTS} was not read: found none in {Path.cwd()}, where Snakemake was started; start it in the "
            f"folder of {DEFAULTS}, or name that first: --configfile path/to/{DEFAULTS} "
            + " ".join(map(str, files))
        )


def _check_widening(run: Run) -> None:
    """Check that convolutions that are to be delta-orthogonal do not narrow, before anything is read or trained."""
    if run.sections.model.initialisation != "delta_orthogonal" or run.description is None:
        return
    for each in run.parameters:
        if each.kind == "weight" and each.operation == "convolution":
            outputs, inputs = each.shape[:2]
            if outputs < inputs:
                raise InputError(
                    f"model.initialisation of run {run.name}: delta_orthogonal, but {each.layer} has {outputs} outputs and "
                    f"{inputs} inputs; at least as many outputs as inputs are needed (orthogonal takes any)"
                )
