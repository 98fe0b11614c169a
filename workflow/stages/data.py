"""Data: what is learnt."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

import sizes
from gradnoise.data import catalogue
from gradnoise.data.settings import read
from run import UNKNOWN
from sections import Choice, Count, Positive, Section, without_braces
from sizes import Resources


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

    dataset: Annotated[str, Choice(catalogue.NAMES)]
    path: str | None
    download: bool
    image_size: Positive | None
    subset: Positive | None
    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    standardise: bool
    inputs: Literal["auto", "numbers", "tokens"]
    task: Literal["classification", "regression"]
    seed: Count
    synthetic: Synthetic

    @field_validator("path")
    @classmethod
    def _no_wildcards(cls, path: str | None) -> str | None:
        return None if path is None else without_braces(path)


def inputs(data_set: Mapping[str, Any]) -> list[str]:
    """Files that the stage reads (folders enter by `listing`)."""
    return [str(path) for path in catalogue.input_files(read(data_set)) if not path.is_dir()]


def listing(data_set: Mapping[str, Any]) -> str:
    """Digest of the names, sizes and times of the files in the folders that the stage reads."""
    return " ".join(
        catalogue.listing(path) for path in catalogue.input_files(read(data_set)) if path.is_dir()
    )


def settings(data_set: dict[str, Any]) -> dict[str, Any]:
    """What the stage reads: the section as it is."""
    return data_set


def resources(data_set: Mapping[str, Any]) -> Resources:
    """All samples, before a subset is taken, a few times over: bytes of images, real numbers of all else."""
    found = catalogue.describe(read({**data_set, "subset": None}))
    if found is None:
        side = data_set["image_size"] or UNKNOWN.input_shape[1]
        values = UNKNOWN.train_samples * 3 * side**2
    else:
        values = found.train_samples * math.prod(found.input_shape)
    image = found is None or len(found.input_shape) == 3
    memory = sizes.STATISTICS_MB + sizes.mebibytes(5 * values * (1 if image else 8))
    return Resources(memory=memory, minutes=60)
