"""What an experiment consists of: the runs, their layers, and the settings each job gets.

Everything here is known before any job runs, without importing torch. A stage's settings are canonical JSON of
exactly what it reads, so that a change invalidates the stages that read it and no other.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from fingerprint import fingerprint
from gradnoise import architectures, datasets
from gradnoise.store import InputError
from schemas import configuration
from schemas.configuration import Calibration, Control, Figures, Run

DESCRIPTIONS = Path(".snakemake/gradnoise")
MODEL = "model"  # the subspace over all parameters
# Where the number of samples, or the shape of the inputs, is only known once the data stage has read them.
UNKNOWN_SAMPLES, UNKNOWN_SHAPE, UNKNOWN_OUTPUTS = 50_000, (3, 32, 32), 10


def canonical(settings: Any) -> str:
    """JSON with sorted keys: equal settings are equal text, whatever the order in the YAML file."""
    return json.dumps(settings, sort_keys=True)


def digest(*fingerprints: tuple[str, ...]) -> str:
    """Fingerprints in one word."""
    return hashlib.sha256(canonical(fingerprints).encode()).hexdigest()[:16]


class PlannedRun:
    """One run of the experiment: a network, trained once per seed, and its measurements."""

    def __init__(
        self, name: str, sections: Run, trained_by: str, seeds: list[int], data: str
    ) -> None:
        self.name, self.trained_by, self.data = name, trained_by, data
        self.sections = sections
        self.seeds = seeds
        self.epochs = sections.checkpoints
        self.repeats = list(range(1, sections.noise.repeats + 1))

    @cached_property
    def description(self) -> datasets.Description | None:
        """Shape and size of the data, where that is known before reading them."""
        return datasets.describe(self.sections.data.model_dump())

    @property
    def samples(self) -> int:
        """Training samples (an estimate for image folders and tars)."""
        return self.description.train_samples if self.description else UNKNOWN_SAMPLES

    @cached_property
    def parameters(self) -> list[architectures.Parameter]:
        """Every parameter of the network, in the network's order."""
        shape = self.description.input_shape if self.description else UNKNOWN_SHAPE
        outputs = self.description.outputs if self.description else UNKNOWN_OUTPUTS
        model = self.sections.model.model_dump()
        if ":" in model["name"]:
            return _described(model, shape, outputs)
        return architectures.parameters(model, shape, outputs)

    @cached_property
    def measured(self) -> list[architectures.Parameter]:
        """The parameters whose noise is sampled."""
        noise = self.sections.noise
        candidates = architectures.selected(self.parameters, noise.biases)
        if noise.layers == "all":
            return candidates
        known = {name for p in candidates for name in (p.name, p.layer)}
        unknown = [name for name in noise.layers if name not in known]
        if unknown:
            raise InputError(
                f"noise.layers of run {self.name}: unknown {', '.join(unknown)}; "
                f"accepted: all, or any of {', '.join(p.layer for p in candidates)}"
            )
        return [p for p in candidates if p.name in noise.layers or p.layer in noise.layers]

    @property
    def model_source(self) -> tuple[str, ...]:
        """Fingerprint of the user's own model, empty for built-in ones."""
        name = self.sections.model.name
        return _model_source(name) if ":" in name else ()

    @property
    def has_moments(self) -> bool:
        """Whether a sample's gradient exists: it does not depend on batch mates or random draws."""
        return not self.sections.noise.augment and self.sections.noise.batch_norm_mode == "eval"

    def values(self, parameter: architectures.Parameter) -> int:
        """Numbers stored per sample or batch for one parameter: coordinates and directions."""
        noise = self.sections.noise
        chosen = parameter.size if noise.coordinates == "all" else noise.coordinates
        return min(chosen, parameter.size) + noise.directions

    def training_settings(self, seed: int) -> str:
        """What the training stage reads."""
        training = self.sections.training.model_dump(exclude={"seeds"})
        return canonical(
            {"model": self.sections.model.model_dump(), "training": training, "seed": seed}
        )

    def gradients_settings(self, seed: int, epoch: int) -> dict[str, Any]:
        """What the gradients stage reads: nothing that says how batches are drawn."""
        training, noise = self.sections.training, self.sections.noise
        return {
            "model": self.sections.model.model_dump(),
            "loss": training.loss,
            "device": training.device,
            "torch_threads": training.torch_threads,
            "seed": seed,
            "epoch": epoch,
            "parameters": [parameter.name for parameter in self.measured],
            "memory": int(noise.memory * 2**30),
            **noise.model_dump(
                include={"coordinates", "directions", "batch_norm_mode", "augment", "strategy"}
            ),
        }

    def noise_settings(self, seed: int, epoch: int, repeat: int) -> dict[str, Any]:
        """What the noise stage reads."""
        noise = self.sections.noise.model_dump(include={"batch_sizes", "batches", "sampling"})
        return {**self.gradients_settings(seed, epoch), **noise, "repeat": repeat}

    def gaussianity_settings(self, parameter: str) -> dict[str, Any]:
        """What the gaussianity stage reads."""
        return {
            "parameter": parameter,
            "significance": self.sections.gaussianity.significance,
            "batches": self.sections.test_batches,
        }

    def clt_settings(self, seed: int, parameter: str) -> dict[str, Any]:
        """What the clt stage reads."""
        noise = self.sections.noise.model_dump(include={"batch_sizes", "repeats", "sampling"})
        return {
            **noise,
            **self.gaussianity_settings(parameter),
            **self.sections.clt.model_dump(),
            "seed": seed,
        }

    @property
    def followed(self) -> list[int]:
        """Training seeds whose networks' trajectories are recorded."""
        section = self.sections.trajectory
        return self.seeds[: section.networks] if section.variants else []

    @property
    def subspaces(self) -> list[str]:
        """What a trajectory is recorded in: measured parameters, and the whole model."""
        return [*(parameter.name for parameter in self.measured), MODEL]

    def trajectory_settings(self, seed: int, variant: str) -> dict[str, Any]:
        """What the trajectory stage reads."""
        training, section = self.sections.training, self.sections.trajectory.variant(variant)
        settings = section.model_dump(exclude={"variants", "variant_definitions", "networks"})
        last = training.learning_rate * training.milestone_factor ** sum(
            milestone < training.epochs for milestone in training.milestones
        )
        as_trained = {
            "learning_rate": last,
            "momentum": training.momentum,
            "weight_decay": training.weight_decay,
        }
        given = {key: value for key, value in settings.items() if value is not None}
        return {
            **as_trained,
            "curvature_samples": None,
            **given,
            "model": self.sections.model.model_dump(),
            "loss": training.loss,
            "device": training.device,
            "torch_threads": training.torch_threads,
            "seed": seed,
            "epoch": training.epochs,
            "parameters": [parameter.name for parameter in self.measured],
            "batch_norm_mode": "eval",
            "augment": False,
        }

    def langevin_settings(self, seed: int, subspace: str) -> dict[str, Any]:
        """What the langevin stage reads."""
        return {"subspace": subspace, "seed": seed, **self.sections.langevin.model_dump()}

    def tails_settings(self, seed: int, parameter: str) -> dict[str, Any]:
        """What the tails stage reads."""
        return {
            "parameter": parameter,
            "significance": self.sections.gaussianity.significance,
            "seed": seed,
            **self.sections.tails.model_dump(),
        }


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
            "runs": {name: run.sections.model_dump() for name, run in self.runs.items()},
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


def _model_source(name: str) -> tuple[str, ...]:
    try:
        return fingerprint(name.split(":")[0], Path.cwd())
    except FileNotFoundError:
        return ()  # installed elsewhere: its version is the user's to keep


def _described(
    model: Mapping[str, Any], input_shape: tuple[int, ...], outputs: int
) -> list[architectures.Parameter]:
    """Parameters of a user's own model, from one subprocess, cached by its source and arguments."""
    settings = canonical({"model": model, "input_shape": input_shape, "outputs": outputs})
    source = canonical(_model_source(model["name"]))
    digest = hashlib.sha256((settings + source).encode()).hexdigest()[:16]
    cached = DESCRIPTIONS / f"{digest}.json"
    if not cached.exists():
        command = [sys.executable, "-m", "gradnoise.models", "--settings", settings]
        done = subprocess.run(
            [*command, "--output", str(cached)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            message = done.stderr.strip().removeprefix("error: ")
            raise InputError(f"model.name: {model['name']} cannot be used: {message}")
    return [
        architectures.Parameter(**{**entry, "shape": tuple(entry["shape"])})
        for entry in json.loads(cached.read_text())
    ]


def data_inputs(settings: Mapping[str, Any]) -> list[str]:
    """Files that the data stage reads (folders enter by `data_listing`)."""
    return [str(path) for path in datasets.input_files(settings) if not path.is_dir()]


def data_listing(settings: Mapping[str, Any]) -> str:
    """Digest of the names, sizes and times of the files in the data stage's folders."""
    return " ".join(
        datasets.listing(path) for path in datasets.input_files(settings) if path.is_dir()
    )


# Stage whose per-layer results a figure reads besides the tables.
LAYER_FIGURES = {
    "coordinates": "gaussianity",
    "third_moments": "clt",
    "tail_indices": "tails",
    "tail_examples": "tails",
}


# Figures of trajectories.
TRAJECTORY_FIGURES = (
    "stationary_histograms",
    "variance_against_curvature",
    "temperature",
    "probability_current",
    "entropy_production",
    "phase_portrait",
    "relaxation",
)


def figures_of(run: PlannedRun) -> list[str]:
    """Figures that a run has data for."""
    names = list(TRAJECTORY_FIGURES) if run.followed else []
    if names and not any(_momentum(run, name) for name in run.sections.trajectory.variants):
        names.remove("phase_portrait")
    if run.trained_by == run.name:
        names.append("training_curves")
    return [*names, *_noise_figures(run)] if run.epochs else names


def _momentum(run: PlannedRun, variant: str) -> bool:
    return run.trajectory_settings(run.seeds[0], variant)["momentum"] > 0


def _noise_figures(run: PlannedRun) -> list[str]:
    names = ["percentage_by_batch_size", "coordinates", "tail_indices"]
    if len(run.epochs) > 1:
        names.append("percentage_by_epoch")
    if run.trained_by == run.name:
        names.append("tail_examples")
    stored = run.has_moments and run.sections.noise.strategy != "per_batch"
    if stored:
        names.append("predicted_pass_rates")
    # Moments say nothing of how batches are drawn: a run that borrows its networks has its parent's.
    if run.has_moments and run.trained_by == run.name:
        names += ["third_moments", "berry_esseen"]
        if stored:
            names.append("gaussian_batch_size")
    return names


def figure_layers(experiment: Experiment, run: PlannedRun, figure: str) -> list[str]:
    """Per-layer results that a figure reads: those of the last checkpoint of the first seed."""
    if figure in TRAJECTORY_FIGURES:
        first = f"/seed-{run.seeds[0]}/"
        files = [file for file in experiment.langevin_files(run) if first in file]
        whole = [file for file in files if file.endswith(f"/{MODEL}.h5")]
        return files if figure == "entropy_production" else whole
    if figure not in LAYER_FIGURES:
        return []
    folder = f"{experiment.output}/{run.name}/seed-{run.seeds[0]}/epoch-{max(run.epochs)}"
    return [f"{folder}/{LAYER_FIGURES[figure]}/{parameter.name}.h5" for parameter in run.measured]
