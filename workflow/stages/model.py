"""Model: what learns, and its parameters, known without importing torch."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from fingerprint import canonical, digest, fingerprint
from gradnoise.errors import InputError
from gradnoise.model import architectures
from gradnoise.model.own_code import is_own
from sections import Choice, Section

DESCRIPTIONS = Path(".snakemake/gradnoise")
SOURCE = Path(__file__).parents[2] / "src"


class Model(Section):
    """What learns."""

    name: Annotated[str, Choice(architectures.NAMES, own="factory")]
    arguments: dict[str, Any]
    initialisation: Literal["default", "orthogonal", "delta_orthogonal", "gaussian"]
    q: Annotated[float, Field(gt=0)] | None

    @model_validator(mode="after")
    def _critical(self) -> Self:
        if (self.initialisation == "default") != (self.q is None):
            raise ValueError(
                f"q: found {self.q} with initialisation {self.initialisation}; a variance belongs to orthogonal, "
                "delta_orthogonal and gaussian, and null to default"
            )
        return self


def source(name: str) -> tuple[str, ...]:
    """Fingerprint of a user's own model or loss, empty for built-in ones."""
    if not is_own(name):
        return ()
    try:
        return fingerprint(name.split(":")[0], Path.cwd())
    except FileNotFoundError:
        return ()  # installed elsewhere: its version is the user's to keep


def parameters(
    model: Model,
    input_shape: tuple[int, ...],
    outputs: int,
    tokens: bool = False,
    positions: tuple[int, ...] = (),
) -> list[architectures.Parameter]:
    """Every parameter of a network, in its order.

    Args:
        model: the section.
        input_shape: of one sample.
        outputs: number of classes, or of regression targets.
        tokens: whether inputs are integers.
        positions: shape of one sample's class labels, () or (T,).

    Raises:
        InputError: where the network cannot be built for such data.
    """
    architectures.require_suitable(model.name, tokens, positions)
    settings = model.model_dump()
    if not is_own(model.name):
        return architectures.parameters(settings, input_shape, outputs)
    shapes = {"input_shape": input_shape, "outputs": outputs, "positions": positions}
    return _described({"model": settings, **shapes, "tokens": tokens})


def _described(settings: dict[str, Any]) -> list[architectures.Parameter]:
    """Parameters of a user's own model, from one subprocess, cached by its source and arguments and what reads them."""
    name, reads = settings["model"]["name"], fingerprint("gradnoise.model.__main__", SOURCE)
    cached = DESCRIPTIONS / f"{digest(settings, source(name), reads)}.json"
    if not cached.exists():
        command = [sys.executable, "-m", "gradnoise.model", "--settings", canonical(settings)]
        done = subprocess.run(
            [*command, "--output", str(cached)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            message = done.stderr.strip().rpartition("error: ")[2]
            raise InputError(f"model.name: {name} cannot be used: {message}")
    return architectures.from_description(json.loads(cached.read_text()))
