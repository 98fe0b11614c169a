"""Balance: the law of noise balance, and exact stationary laws against ensembles of SGD."""

from typing import Annotated, Any

from pydantic import Field, field_validator

from registries import modules
from sections import Choice, Count, Section, distinct
from sizes import Resources

STUDIES = modules("gradnoise.balance.studies")


class Balance(Section):
    """The law of noise balance, and exact stationary laws against ensembles of SGD."""

    seed: Count
    studies: list[Annotated[str, Choice(STUDIES)]]
    replicas: Annotated[int, Field(ge=100)]
    label_noise: Annotated[float, Field(ge=10)]
    depths: Annotated[list[Annotated[int, Field(ge=0, le=8)]], Field(min_length=1)]
    ratios: Annotated[list[Annotated[float, Field(gt=0, le=10)]], Field(min_length=1)]

    _each_once = field_validator("studies", "depths", "ratios")(distinct)


Piece = dict[str, Any]
NOISY = "replicas", "label_noise", "ratios"
# What the job of each study reads of the section, besides the seed.
READS = {
    "crossings": ("replicas",),
    "laws": (*NOISY, "depths"),
    "norms": (),
    "transition": NOISY,
}


def pieces(section: Balance) -> dict[str, Piece]:
    """What every job reads, by the study that it makes."""
    given = section.model_dump()
    return {
        study: {"study": study, **{key: given[key] for key in ("seed", *READS[study])}}
        for study in section.studies
    }


def settings(piece: Piece) -> Piece:
    """What a job reads."""
    return piece


def resources(piece: Piece) -> Resources:
    """Little memory, whatever the study; minutes for as many replicas as the laws are judged by."""
    return Resources(memory=1_000, minutes=10 + piece.get("replicas", 0) // 500)
