"""Geometry: information geometry of initialisation and training."""

from collections.abc import Iterator
from itertools import product
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

import sizes
from registries import constant, modules
from sections import Choice, Count, Positive, Section, distinct
from sizes import Resources

STUDIES = modules("gradnoise.geometry.studies")
INITIALISATIONS = constant("gradnoise.geometry.networks", "INITIALISATIONS")
GROUPS = constant("gradnoise.geometry.studies.fluctuations", "GROUPS")
FOLLOWED = constant("gradnoise.geometry.studies.relation", "NETWORKS")
SEEDS = 3  # that every learning rate is tried on
# What is trained: Gaussian weights are not orthonormal, on the manifold there are orthogonal ones only.
KINDS = (("orthogonal", "euclidean"), ("orthogonal", "stiefel"), ("gaussian", "euclidean"))
# What a job of each study reads of the section, besides seed and width.
TRAINED = "images", "batch_size"
READS = {
    "fluctuations": ("q", "ensemble", "deepest"),
    "initialisation": ("q", "networks", "samples"),
    "relation": ("networks", *TRAINED),
    "training": ("samples", *TRAINED, "rates", "steps", "loss"),
}
Piece = dict[str, Any]
Above = Annotated[float, Field(gt=0)]


class Geometry(Section):
    """Information geometry of deep tanh networks at their initialisation and in training."""

    seed: Count
    studies: list[Annotated[str, Choice(STUDIES)]]
    width: Annotated[int, Field(ge=2, le=2000)]
    depths: Annotated[list[Annotated[int, Field(ge=2, le=1000)]], Field(min_length=1)]
    q: Annotated[list[Annotated[float, Field(gt=0, le=100)]], Field(min_length=1)]
    networks: Positive
    samples: Annotated[int, Field(ge=2, le=150)]
    images: Annotated[int, Field(ge=10, le=10_000)]
    batch_size: Positive
    rates: Annotated[list[Above], Field(min_length=7)]
    steps: Annotated[int, Field(ge=10)]
    loss: Annotated[float, Field(gt=0, lt=2)]
    ensemble: Annotated[int, Field(ge=60)]
    deepest: Annotated[int, Field(ge=30, le=1000)]

    _each_once = field_validator("studies", "depths", "q", "rates")(distinct)

    @field_validator("rates")
    @classmethod
    def _ascending(cls, rates: list[float]) -> list[float]:
        if rates != sorted(rates):
            raise ValueError(f"found {rates}; accepted: ascending learning rates")
        return rates

    @model_validator(mode="after")
    def _measurable(self) -> Self:
        if self.samples > self.images:
            raise ValueError(
                f"samples: found {self.samples}; accepted: 2 to images = {self.images}"
            )
        return self


def pieces(section: Geometry) -> dict[str, Piece]:
    """What every job reads, by the name of its folder, in the order of the tables' rows."""
    given, found = section.model_dump(), {}
    for study in section.studies:
        shared = {key: given[key] for key in ("seed", "width", *READS[study])}
        for about in _pieces_of(study, section):
            words = (
                each if isinstance(each, str) else f"{key}-{each}" for key, each in about.items()
            )
            found["-".join((study, *words))] = {"study": study, **about, **shared}
    return found


def _pieces_of(study: str, section: Geometry) -> Iterator[Piece]:
    """Of what each job of a study is: what is added to `depths` or `q` makes new jobs, and leaves the others."""
    match study:
        case "fluctuations":
            yield from ({"initialisation": kind} for kind in INITIALISATIONS)
        case "initialisation":
            yield from ({"depth": depth} for depth in section.depths)
        case "relation":
            for depth, kind, q in product(section.depths, INITIALISATIONS, section.q):
                yield {"depth": depth, "initialisation": kind, "q": q}
        case "training":
            for depth, q, (kind, manifold) in product(section.depths, section.q, KINDS):
                yield {"depth": depth, "initialisation": kind, "manifold": manifold, "q": q}


def settings(piece: Piece) -> Piece:
    """What a job reads."""
    return piece


def resources(piece: Piece) -> Resources:
    """One core: memory of the networks that are trained beside each other, their steps and gradients; minutes of their work."""
    width, depth = piece["width"], piece.get("depth", 1)
    weights, wider = depth * width**2, (width / 64) ** 2
    match piece["study"]:
        case "fluctuations":
            networks, size = piece["ensemble"], 96 * piece["ensemble"] // GROUPS * width**2
            work = networks * piece["deepest"] * wider * width / 64 / 10_000
        case "initialisation":
            networks, size = piece["networks"], 100 * weights
            work = networks * len(piece["q"]) * depth * wider / 150
        case "relation":
            networks = min(piece["networks"], FOLLOWED)
            size, work = (
                100 * networks * weights,
                networks * piece["images"] * depth * wider / 24_000,
            )
        case _:
            size = 16 * SEEDS * len(piece["rates"]) * weights
            work = len(piece["rates"]) * piece["steps"] * depth * wider / 20_000
    return Resources(memory=sizes.TORCH_MB + sizes.mebibytes(size), minutes=10 + int(work))
