"""One run of an experiment: a network, its layers, and the settings each of its jobs gets.

Known before any job runs, without importing torch. A stage's settings are canonical JSON of exactly what it
reads, so that a change invalidates the stages that read it and no other.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from fingerprint import fingerprint
from gradnoise.data import catalogue
from gradnoise.errors import InputError
from gradnoise.model import architectures
from gradnoise.trajectory.names import MODEL
from schemas.configuration import Run

DESCRIPTIONS = Path(".snakemake/gradnoise")
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
    def description(self) -> catalogue.Description | None:
        """Shape and size of the data, where that is known before reading them."""
        return catalogue.describe(self.sections.data.model_dump())

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
        command = [sys.executable, "-m", "gradnoise.model", "--settings", settings]
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
