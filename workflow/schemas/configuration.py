"""The config's schema: every key, its type, its range and the checks between keys.

`config.yaml` holds every default; this file holds what is accepted. An unknown key at any level, a wrong
type or an impossible combination is one clear message each, before any job runs.
"""

import difflib
import json
import re
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gradnoise.errors import InputError
from gradnoise.model import architectures

Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
NAME = re.compile(r"[A-Za-z0-9_]+")
SECTIONS = (
    "data",
    "model",
    "training",
    "noise",
    "gaussianity",
    "clt",
    "tails",
    "trajectory",
    "langevin",
)


class Section(BaseModel):
    """A part of the config: no key but those listed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _distinct(values: list[Any]) -> list[Any]:
    if len(set(values)) != len(values):
        raise ValueError(f"each value once; found {values}")
    return values


class Synthetic(Section):
    """Size and distributions of the synthetic regressions."""

    samples: Positive
    test_samples: Positive
    features: Positive
    outputs: Positive
    parameters: list[list[float]] | None
    input_distribution: Literal["gaussian", "student_t"]
    spectrum_exponent: float
    label_noise_distribution: Literal["gaussian", "student_t"]
    label_noise_scale: Annotated[float, Field(ge=0)]
    degrees_of_freedom: Annotated[float, Field(gt=0)]


class Data(Section):
    """What is learnt."""

    dataset: Literal[
        "fashion_mnist_subset",
        "fashion_mnist",
        "mnist",
        "cifar10",
        "cifar100",
        "image_folder",
        "arrays",
        "linear_regression",
        "logistic_regression",
    ]
    path: str | None
    download: bool
    image_size: Positive | None
    subset: Positive | None
    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    task: Literal["classification", "regression"]
    seed: Count
    synthetic: Synthetic


class Model(Section):
    """What learns."""

    name: str
    arguments: dict[str, Any]

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in architectures.NAMES and not re.fullmatch(r"[\w.]+:\w+", name):
            raise ValueError(
                f"unknown model {name!r}{suggestion(name, architectures.NAMES)}; accepted: "
                f"{', '.join(architectures.NAMES)}, or your own as 'package.module:factory'"
            )
        return name


class Training(Section):
    """How it learns."""

    optimizer: Literal["sgd", "adamw", "signsgd"]
    learning_rate: Annotated[float, Field(gt=0)]
    momentum: Annotated[float, Field(ge=0, lt=1)]
    nesterov: bool
    weight_decay: Annotated[float, Field(ge=0)]
    milestones: list[Positive]
    milestone_factor: Annotated[float, Field(gt=0)]
    epochs: Count
    batch_size: Positive
    loss: Literal["cross_entropy", "mean_squared_error"]
    augment: bool
    seeds: Annotated[list[Count], Field(min_length=1)]
    checkpoints: Literal["all"] | list[Count]
    device: Literal["auto", "cpu", "cuda", "mps"]
    torch_threads: Positive

    _seeds_distinct = field_validator("seeds", "milestones")(_distinct)

    @model_validator(mode="after")
    def _checkpoints_exist(self) -> Self:
        if self.checkpoints != "all":
            _within(self.checkpoints, self.epochs, "training.checkpoints")
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov: true needs a momentum above 0")
        return self

    @property
    def saved_epochs(self) -> list[int]:
        """Epochs whose weights are kept; 0 always."""
        if self.checkpoints == "all":
            return list(range(self.epochs + 1))
        return sorted({0, *self.checkpoints})


class Noise(Section):
    """Which samples of the gradient noise are taken."""

    checkpoints: list[Count | Literal["last"]]
    batch_sizes: Annotated[list[Positive], Field(min_length=1)]
    batches: Annotated[int, Field(ge=3)]
    repeats: Positive
    sampling: Literal["with_replacement", "epoch_shuffle"]
    layers: Literal["all"] | Annotated[list[str], Field(min_length=1)]
    biases: bool
    coordinates: Literal["all"] | Positive
    directions: Count
    augment: bool
    batch_norm_mode: Literal["eval", "train"]
    strategy: Literal["auto", "per_sample", "per_batch"]
    memory: Annotated[float, Field(gt=0)]

    _each_once = field_validator("checkpoints", "batch_sizes")(_distinct)

    @model_validator(mode="after")
    def _strategy_possible(self) -> Self:
        obstacle = (
            "augment: true"
            if self.augment
            else "batch_norm_mode: train"
            if self.batch_norm_mode == "train"
            else None
        )
        if self.strategy == "per_sample" and obstacle:
            raise ValueError(
                f"strategy: per_sample is impossible with {obstacle} (no gradient of one fixed sample "
                "exists then); accepted: auto, per_batch"
            )
        return self


class Gaussianity(Section):
    """How the noise is tested."""

    significance: Annotated[float, Field(gt=0, lt=1)]
    batches: Annotated[list[Annotated[int, Field(ge=3, le=5000)]], Field(min_length=1)]

    _each_once = field_validator("batches")(_distinct)


class Clt(Section):
    """How fast the noise becomes Gaussian with the batch size."""

    exact_coordinates: Positive
    distance: Annotated[float, Field(gt=0, lt=0.5)]
    share: Annotated[float, Field(gt=0, lt=1)]


class Tails(Section):
    """How heavy the noise's tails are."""

    methods: Annotated[list[Literal["ecf", "mcculloch", "mohammadi", "ml"]], Field(min_length=1)]

    _each_once = field_validator("methods")(_distinct)

    @model_validator(mode="after")
    def _figures_need(self) -> Self:
        if "ecf" not in self.methods:
            raise ValueError(
                f"methods: found {self.methods}; ecf, which the claims use, must be there"
            )
        return self


class Trajectory(Section):
    """How SGD is followed around the last checkpoint."""

    variants: list[Annotated[str, Field(pattern=r"^\w+$")]]
    variant_definitions: dict[str, dict[str, Any] | None]
    networks: Positive
    learning_rate: Annotated[float, Field(gt=0)] | None
    momentum: Annotated[float, Field(ge=0, lt=1)] | None
    nesterov: bool
    weight_decay: Annotated[float, Field(ge=0)] | None
    batch_size: Positive
    sampling: Literal["with_replacement", "epoch_shuffle"]
    burn_in: Count
    steps: Annotated[int, Field(ge=100)]
    replicas: Positive
    eigenvectors: Annotated[int, Field(ge=2, le=16)]
    random_directions: Count
    coordinates: Count
    curvature_samples: Positive | None
    snapshots: Positive

    _each_once = field_validator("variants")(_distinct)

    @model_validator(mode="after")
    def _variants_possible(self) -> Self:
        accepted = set(type(self).model_fields) - {"variants", "variant_definitions", "networks"}
        for name in self.variants:
            if name not in self.variant_definitions:
                near = suggestion(name, self.variant_definitions)
                raise ValueError(f"variants: {name!r} is not in variant_definitions{near}")
            for key in self.variant_definitions[name] or {}:
                if key not in accepted:
                    raise ValueError(
                        f"variant_definitions.{name}.{key}: unknown key{suggestion(key, accepted)}; "
                        f"accepted: {', '.join(sorted(accepted))}"
                    )
            try:
                self.variant(name)
            except InputError as error:
                raise ValueError(str(error)) from None
        return self

    def variant(self, name: str) -> "Trajectory":
        """The section with one variant's changes.

        Raises:
            InputError: where a value of it is not accepted.
        """
        values = {**self.model_dump(), "variants": [], **(self.variant_definitions[name] or {})}
        made: Trajectory = check(Trajectory, values, f"variant_definitions.{name}")
        return made


class Langevin(Section):
    """How trajectories are compared with Langevin dynamics."""

    lags: Annotated[int, Field(ge=2)]
    residual_lags: Positive


class Control(Section):
    """Heavy and light tails put in by hand, which the analysis has to find."""

    seed: Count
    batch_sizes: Annotated[list[Positive], Field(min_length=2)]
    batches: Annotated[int, Field(ge=100, le=5000)]

    _each_once = field_validator("batch_sizes")(_distinct)


class Calibration(Section):
    """The instrument check on noise of known distribution."""

    seed: Count
    series: Annotated[int, Field(ge=100)]


class Figures(Section):
    """How figures look."""

    colours: Annotated[
        list[Annotated[str, Field(pattern="^#[0-9A-Fa-f]{6}$")]], Field(min_length=3)
    ]
    width: Annotated[float, Field(gt=1, lt=30)]


class Run(Section):
    """One network, measured: the config's sections with the run's overrides applied."""

    data: Data
    model: Model
    training: Training
    noise: Noise
    gaussianity: Gaussianity
    clt: Clt
    tails: Tails
    trajectory: Trajectory
    langevin: Langevin

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _within(self.checkpoints, self.training.epochs, "noise.checkpoints")
        missing = sorted(set(self.checkpoints) - set(self.training.saved_epochs))
        if missing:
            raise ValueError(
                f"noise.checkpoints: epochs {missing} are not saved; add them to training.checkpoints "
                f"(found {self.training.checkpoints}) or set that to all"
            )
        last = self.training.epochs
        if self.trajectory.variants and last not in self.training.saved_epochs:
            raise ValueError(
                f"trajectory.variants: they start at the last epoch, {last}, which is not saved; add it to "
                f"training.checkpoints (found {self.training.checkpoints}) or set that to all"
            )
        return self

    @property
    def checkpoints(self) -> list[int]:
        """Epochs at which the noise is sampled, each once; `last` is the last one."""
        epochs = [self.training.epochs if e == "last" else e for e in self.noise.checkpoints]
        return sorted(set(epochs))

    @property
    def test_batches(self) -> list[int]:
        """Numbers of batches to test with; where fewer are sampled than asked for, all of them."""
        return sorted({min(n, self.noise.batches) for n in self.gaussianity.batches})


def _within(epochs: list[int], last: int, key: str) -> None:
    beyond = [epoch for epoch in epochs if epoch > last]
    if beyond:
        raise ValueError(f"{key}: found {beyond}; the last epoch is training.epochs = {last}")


def suggestion(word: str, accepted: Iterable[str]) -> str:
    """` (did you mean ...?)`, or nothing where no accepted word is near."""
    near = difflib.get_close_matches(str(word), list(accepted), 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def merge(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Merge mappings deeply; everything else, lists included, is replaced (as Snakemake does)."""
    merged = dict(base)
    for key, value in override.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def check(section: type[Section], values: Any, where: str) -> Any:
    """Validate `values` as `section`.

    Raises:
        InputError: every problem on a line of its own, with the key, what was found and what is accepted.
    """
    try:
        return section.model_validate(values)
    except ValidationError as errors:
        lines = [_line(error, section, where) for error in errors.errors()]
        raise InputError("\n".join(dict.fromkeys(lines))) from None


def _line(error: Any, section: type[Section], where: str) -> str:
    # Pydantic's location also names the branch of a union ("literal['all']", "list[int]"): not a key.
    path = [
        str(part) for part in error["loc"] if not re.search(r"[\[(]|^(int|str|none)$", str(part))
    ]
    key = ".".join([*([where] if where else []), *path])
    if error["type"] == "extra_forbidden":
        accepted = _keys(section, path[:-1])
        return (
            f"{key}: unknown key{suggestion(path[-1], accepted)}; accepted: {', '.join(accepted)}"
        )
    if error["type"] == "missing":
        return f"{key}: missing; every key of config.yaml must be there"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{key}: {message}" if key else message
    return f"{key}: found {error['input']!r}; {message[0].lower()}{message[1:]}"


def _keys(section: type[Section], path: list[str]) -> list[str]:
    """Keys accepted at a path below a section."""
    for part in path:
        annotation = section.model_fields[part].annotation if part in section.model_fields else None
        if isinstance(annotation, type) and issubclass(annotation, Section):
            section = annotation
    return list(section.model_fields)


class _UniqueKeys(yaml.SafeLoader):
    """YAML loader that refuses what PyYAML silently overwrites: a key written twice."""


def _unique(loader: _UniqueKeys, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
    seen: set[Any] = set()
    for name, _ in node.value:
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
    with path.open() as stream:
        yaml.load(stream, _UniqueKeys)  # a subclass of SafeLoader


class Config(Section):
    """A whole config file, for editors that check YAML against a JSON schema."""

    output: str
    runs: list[str]
    run_definitions: dict[str, dict[str, Any] | None]
    data: Data
    model: Model
    training: Training
    noise: Noise
    gaussianity: Gaussianity
    clt: Clt
    tails: Tails
    trajectory: Trajectory
    langevin: Langevin
    calibration: Calibration
    control: Control
    figures: Figures


def json_schema() -> dict[str, Any]:
    """JSON schema of `Config`; `python workflow/schemas/configuration.py` writes it beside this file."""
    return Config.model_json_schema()


if __name__ == "__main__":
    target = Path(__file__).with_name("config.schema.json")
    target.write_text(json.dumps(json_schema(), indent=2) + "\n")
