"""The config's schema: every key, its type, its range and the checks between keys.

`config.yaml` holds every default; here and in the stages' sections stands what is accepted. An unknown key at
any level, a wrong type or an impossible combination is one clear message each, before any job runs.
"""

import json
import re
from collections.abc import Hashable
from pathlib import Path, PurePosixPath
from typing import Any, Self

import yaml
from pydantic import create_model, field_validator, model_validator

from gradnoise.errors import InputError
from gradnoise.model.own_code import is_own
from gradnoise.store.paths import SHARED_STAGES
from sections import Section, suggestion, within, without_braces
from stages.balance import Balance
from stages.calibration import Calibration
from stages.clt import Clt
from stages.control import Control
from stages.data import Data
from stages.figures import Figures
from stages.gaussianity import Gaussianity
from stages.geometry import Geometry
from stages.langevin import Langevin
from stages.model import Model
from stages.noise import Noise
from stages.related import Related
from stages.tails import Tails
from stages.training import Training
from stages.trajectory import FROM_TRAINING, Trajectory

SCHEMA = Path(__file__).parent / "schemas/config.schema.json"
# Folders of the project and its data, in which no results may lie; logs, beside them, have the results' own names.
PROJECTS = ("benchmarks", "data", "docs", "logs", "src", "tests", "workflow")
# Folders of an output that are no run's.
SHARED = (*SHARED_STAGES, "data", "figures", "tables")


class Parts(Section):
    """The sections that say how one network is trained and measured, in the order of the pipeline."""

    data: Data
    model: Model
    training: Training
    noise: Noise
    gaussianity: Gaussianity
    clt: Clt
    tails: Tails
    trajectory: Trajectory
    langevin: Langevin

    @property
    def test_batches(self) -> list[int]:
        """Numbers of batches to test with; where fewer are sampled than asked for, all of them."""
        return sorted({min(n, self.noise.batches) for n in self.gaussianity.batches})


class Sections(Parts):
    """One network, measured: the config's sections with a run's overrides applied."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        within(self.checkpoints, self.training.epochs, "noise.checkpoints")
        saved = self.training.saved_epochs
        missing = sorted(set(self.checkpoints) - set(saved))
        if missing:
            raise ValueError(f"noise.checkpoints: epochs {missing} are not saved; {self._saving()}")
        last = self.training.epochs
        if self.trajectory.variants and last not in saved:
            raise ValueError(
                f"trajectory.variants: they start at the last epoch, training.epochs = {last}, which is not saved; "
                f"{self._saving()}"
            )
        self._require_steps_of_sgd()
        self._require_euclidean()
        return self

    def _require_euclidean(self) -> None:
        """Check that what is trained on the Stiefel manifold starts there, and that no trajectory leaves it."""
        if self.training.manifold == "euclidean" or self.training.path is not None:
            return
        if self.model.initialisation != "orthogonal" and not is_own(self.model.name):
            raise ValueError(
                f"training.manifold: stiefel starts from orthonormal weights; found model.initialisation "
                f"{self.model.initialisation}, orthogonal is needed"
            )
        if self.trajectory.variants:
            raise ValueError(
                "training.manifold: stiefel, but a trajectory is Euclidean SGD's; leave them out (trajectory.variants: [])"
            )

    def _require_steps_of_sgd(self) -> None:
        """Check that trajectories, which are SGD's, take nothing from a training by another optimizer."""
        optimizer = self.training.optimizer
        if optimizer == "sgd":
            return
        for name in self.trajectory.variants:
            variant = self.trajectory.variant(name)
            open_keys = [key for key in FROM_TRAINING if getattr(variant, key) is None]
            if open_keys:
                raise ValueError(
                    f"trajectory.{open_keys[0]}: found null in variant {name}, as in training, but that was by "
                    f"{optimizer}, and a trajectory is SGD's; give {', '.join(open_keys)}, or leave out the "
                    "variant (trajectory.variants: [])"
                )

    def _saving(self) -> str:
        """How the weights of more epochs are had."""
        training = self.training
        if training.path is not None and training.checkpoints == "all":
            return f"training.path {training.path} has {training.saved_epochs} up to training.epochs = {training.epochs}"
        return f"add them to training.checkpoints (found {training.checkpoints}) or set that to all"

    @property
    def checkpoints(self) -> list[int]:
        """Epochs at which the noise is sampled, each once; `last` is the last one."""
        epochs = [self.training.epochs if e == "last" else e for e in self.noise.checkpoints]
        return sorted(set(epochs))


class Origin(Section):
    """Whose networks a run measures, and how many of them."""

    training_from: str | None = None
    first_seeds: int | None = None


# What a run changes of each section; the values are checked once they are merged.
Definition = create_model(  # type: ignore[call-overload]
    "Definition",
    __base__=Origin,
    **dict.fromkeys(Parts.model_fields, (dict[str, Any] | None, None)),
)


class Runs(Section):
    """Which networks are measured, and where results go."""

    output: str
    runs: list[str]
    run_definitions: dict[str, Definition | None]  # type: ignore[valid-type]

    @field_validator("output")
    @classmethod
    def _own_folder(cls, output: str) -> str:
        path = PurePosixPath(output)
        if not output.strip() or path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError(
                f"found {output!r}; accepted: a relative path inside the working directory, such as results"
            )
        first = path.parts[0]
        if first.lower() in PROJECTS or first[0] in ".-~":
            raise ValueError(
                f"found {output!r}; results need a folder of their own, such as results: neither "
                f"{', '.join(PROJECTS)}, nor hidden, nor with a first letter - or ~"
            )
        files = [str(part) for part in (path, *path.parents) if Path(part).is_file()]
        if files:
            raise ValueError(f"found {output!r}; {files[0]} is a file; accepted: a folder")
        return without_braces(str(path))

    @field_validator("runs")
    @classmethod
    def _named(cls, runs: list[str]) -> list[str]:
        for name in runs:
            if not re.fullmatch(r"[A-Za-z0-9_]+", name):
                raise ValueError(f"found {name!r}; accepted: letters, digits and underscores")
            if name.lower() in SHARED:
                raise ValueError(f"found {name!r}, a folder that all runs share; another name")
            if runs.count(name) > 1:
                raise ValueError(f"{name!r} is listed {runs.count(name)} times; each name once")
        return runs

    @model_validator(mode="after")
    def _defined(self) -> Self:
        for name in self.runs:
            if name not in self.run_definitions:
                near = suggestion(name, self.run_definitions)
                raise ValueError(f"runs: {name!r} is not defined in run_definitions{near}")
        return self


class Config(Parts, Runs):
    """A whole config file."""

    calibration: Calibration
    control: Control
    balance: Balance
    geometry: Geometry
    related: Related
    figures: Figures


class _UniqueKeys(yaml.SafeLoader):
    """YAML loader that refuses what PyYAML silently overwrites: a key written twice."""


def _unique(loader: _UniqueKeys, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
    seen: set[Any] = set()
    for name, _ in node.value:
        if name.tag == "tag:yaml.org,2002:merge":
            continue  # its keys are defaults
        key = loader.construct_object(name, deep=True)
        if key in seen:
            raise InputError(
                f"{name.start_mark.name}, line {name.start_mark.line + 1}: the key {key!r} is written "
                "twice; each key once"
            )
        seen.add(key)
    return loader.construct_mapping(node, deep)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique)


def check_duplicates(path: Path) -> None:
    """Refuse a config file in which a key (a run's name, say) is written twice.

    Raises:
        InputError: names the file, the line and the key.
    """
    try:
        with path.open() as stream:
            yaml.load(stream, _UniqueKeys)  # a subclass of SafeLoader
    except RecursionError:
        raise InputError(f"{path}: its values are nested too deep") from None


def json_schema() -> dict[str, Any]:
    """JSON schema of `Config`, for editors that check YAML; `python workflow/configuration.py` writes it."""
    return Config.model_json_schema()


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(json_schema(), indent=2) + "\n")
