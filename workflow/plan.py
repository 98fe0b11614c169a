"""What an experiment consists of: its runs, their files, and what tables, figures and the report read."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gradnoise.data import catalogue
from gradnoise.errors import InputError
from gradnoise.model import architectures
from planned_run import PlannedRun, canonical
from schemas import configuration
from schemas.configuration import Calibration, Control, Figures, Run


class Experiment:
    """The validated config: all runs with their data sets.

    Raises:
        InputError: one line for each problem of the config.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = _top_level(config)
        self.output = self.config["output"]
        self.calibration = configuration.check(
            Calibration, self.config["calibration"], "calibration"
        )
        self.control = configuration.check(Control, self.config["control"], "control")
        self.figures = configuration.check(Figures, self.config["figures"], "figures")
        self.data: dict[str, dict[str, Any]] = {}
        self.runs = {name: self._run(name) for name in self.config["runs"]}
        if not any(run.epochs for run in self.runs.values()):
            raise InputError("noise.checkpoints: found none in any run; one run must sample noise")
        for run in self.runs.values():
            _check_sizes(run)
            assert run.measured  # layers that do not exist are an error before any job runs

    def _run(self, name: str) -> PlannedRun:
        definitions = self.config["run_definitions"]
        definition = dict(definitions[name] or {})
        parent = definition.pop("training_from", None)
        first_seeds = definition.pop("first_seeds", None)
        if parent is not None:
            _check_borrowed(name, parent, definition, self.config["runs"], definitions)
            definition = configuration.merge(dict(definitions[parent] or {}), definition)
            definition.pop("first_seeds", None)
        base = {section: self.config[section] for section in configuration.SECTIONS}
        try:
            sections = configuration.check(Run, configuration.merge(base, definition), "")
        except InputError as error:
            prefix = f"run {name}: " if definition else ""
            raise InputError("\n".join(prefix + line for line in str(error).splitlines())) from None
        seeds = sections.training.seeds
        if first_seeds is not None and (
            not isinstance(first_seeds, int) or not 1 <= first_seeds <= len(seeds)
        ):
            raise InputError(
                f"run_definitions.{name}.first_seeds: found {first_seeds!r}; accepted: 1 to "
                f"{len(seeds)}, the number of training.seeds"
            )
        return PlannedRun(
            name, sections, parent or name, seeds[:first_seeds], self._data_name(sections)
        )

    def _data_name(self, sections: Run) -> str:
        """File name of a run's data; settings that differ get names that differ."""
        settings, name = sections.data.model_dump(), str(sections.data.dataset)
        if self.data.setdefault(name, settings) != settings:
            name += "-" + hashlib.sha256(canonical(settings).encode()).hexdigest()[:6]
            self.data[name] = settings
        return name

    def gradients_of(self, run: PlannedRun, seed: int, epoch: int) -> str:
        """Name of the run whose per-sample gradients a run draws from.

        They do not depend on how batches are drawn: a run that borrows its networks borrows these too
        wherever the other run has the same.
        """
        other = self.runs[run.trained_by]
        same = other.gradients_settings(seed, epoch) == run.gradients_settings(seed, epoch)
        return other.name if same and seed in other.seeds and epoch in other.epochs else run.name

    def jobs(self) -> Iterator[tuple[PlannedRun, int, int, architectures.Parameter]]:
        """Every measured (run, seed, epoch, parameter)."""
        for run in self.runs.values():
            for seed in run.seeds:
                for epoch in run.epochs:
                    for parameter in run.measured:
                        yield run, seed, epoch, parameter

    def layer_files(self, stage: str) -> list[str]:
        """Per-layer results of a stage, of all runs."""
        return [
            f"{self.output}/{run.name}/seed-{seed}/epoch-{epoch}/{stage}/{parameter.name}.h5"
            for run, seed, epoch, parameter in self.jobs()
        ]

    def langevin_files(self, run: PlannedRun) -> list[str]:
        """Results of the langevin stage, of one run."""
        return [
            f"{self.output}/{run.name}/seed-{seed}/epoch-{run.sections.training.epochs}"
            f"/langevin/{variant}/{subspace}.h5"
            for seed in run.followed
            for variant in run.sections.trajectory.variants
            for subspace in run.subspaces
        ]

    def calibration_settings(self) -> dict[str, Any]:
        """What the calibration stage reads: the tests' settings of the first run."""
        sections = next(iter(self.runs.values())).sections
        return {
            "significance": sections.gaussianity.significance,
            "batches": sections.test_batches,
            **self.calibration.model_dump(),
        }

    def tables_settings(self) -> dict[str, Any]:
        """What tables and claims know about each run."""
        return {
            # Trajectories speak for themselves: their files hold how they were made.
            "runs": {
                name: run.sections.model_dump(exclude={"trajectory", "langevin"})
                for name, run in self.runs.items()
            },
            "trained_by": {name: run.trained_by for name, run in self.runs.items()},
            "measured": {
                name: {
                    "seeds": run.seeds,
                    "epochs": run.epochs,
                    "parameters": [parameter.name for parameter in run.measured],
                    "followed": run.followed,
                    "last_epoch": run.sections.training.epochs,
                    "variants": run.sections.trajectory.variants,
                    "subspaces": run.subspaces,
                }
                for name, run in self.runs.items()
            },
            "significance": self.config["gaussianity"]["significance"],
        }

    def figure_settings(self, run: str) -> dict[str, Any]:
        """What a figure reads."""
        return {
            "run": run,
            "trained_by": self.runs[run].trained_by,
            "significance": self.runs[run].sections.gaussianity.significance,
            "training_batch_size": self.runs[run].sections.training.batch_size,
            "style": self.figures.model_dump(),
        }

    def report_settings(self) -> dict[str, Any]:
        """What the report shows of the config."""
        return {"config": self.config, **self.tables_settings()}


def _top_level(config: Mapping[str, Any]) -> dict[str, Any]:
    """Check the keys of the first level, and the runs' names."""
    accepted = (
        "output",
        "runs",
        "run_definitions",
        *configuration.SECTIONS,
        "calibration",
        "control",
        "figures",
    )
    for key in config:
        if key not in accepted:
            near = configuration.suggestion(key, accepted)
            raise InputError(f"{key}: unknown key{near}; accepted: {', '.join(accepted)}")
    missing = [key for key in accepted if key not in config]
    if missing:
        raise InputError(f"{missing[0]}: missing; every key of config.yaml must be there")
    output = config["output"]
    if not isinstance(output, str) or not output or Path(output).is_absolute() or ".." in output:
        raise InputError(
            f"output: found {output!r}; accepted: a relative path inside the working directory"
        )
    runs, definitions = config["runs"], config["run_definitions"]
    if not isinstance(runs, list) or not runs or not isinstance(definitions, Mapping):
        raise InputError("runs: expected a list of names, each defined in run_definitions")
    for name in runs:
        if not isinstance(name, str) or not configuration.NAME.fullmatch(name):
            raise InputError(f"runs: found {name!r}; accepted: letters, digits and underscores")
        if runs.count(name) > 1:
            raise InputError(f"runs: {name!r} is listed {runs.count(name)} times; each name once")
        if name not in definitions:
            near = configuration.suggestion(name, definitions)
            raise InputError(f"runs: {name!r} is not defined in run_definitions{near}")
        known = (*configuration.SECTIONS, "training_from", "first_seeds")
        for key in definitions[name] or {}:
            if key not in known:
                raise InputError(
                    f"run_definitions.{name}.{key}: unknown key{configuration.suggestion(key, known)}; "
                    f"accepted: {', '.join(known)}"
                )
    return dict(config)


def _check_borrowed(
    name: str,
    parent: Any,
    definition: Mapping[str, Any],
    runs: list[str],
    definitions: Mapping[str, Any],
) -> None:
    """Check a run that measures the networks another run trained."""
    if parent not in runs or "training_from" in (definitions[parent] or {}):
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


def _check_sizes(run: PlannedRun) -> None:
    if run.description is None:
        return
    noise, training = run.sections.noise, run.sections.training
    above = [size for size in noise.batch_sizes if size > run.samples]
    if noise.sampling == "epoch_shuffle" and above:
        raise InputError(
            f"noise.batch_sizes of run {run.name}: found {above}; without replacement "
            f"(sampling: epoch_shuffle) at most the {run.samples} training samples"
        )
    for name in run.sections.trajectory.variants:
        size = run.sections.trajectory.variant(name).batch_size
        if size > run.samples:
            raise InputError(
                f"trajectory.batch_size of run {run.name}: found {size}; at most the "
                f"{run.samples} training samples"
            )
    if training.batch_size > run.samples:
        raise InputError(
            f"training.batch_size of run {run.name}: found {training.batch_size}; at most the "
            f"{run.samples} training samples"
        )


def data_inputs(settings: Mapping[str, Any]) -> list[str]:
    """Files that the data stage reads (folders enter by `data_listing`)."""
    return [str(path) for path in catalogue.input_files(settings) if not path.is_dir()]


def data_listing(settings: Mapping[str, Any]) -> str:
    """Digest of the names, sizes and times of the files in the data stage's folders."""
    return " ".join(
        catalogue.listing(path) for path in catalogue.input_files(settings) if path.is_dir()
    )
