"""Model: what learns, and its parameters, known without importing torch."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from pydantic import field_validator

from fingerprint import canonical, digest, fingerprint
from gradnoise.errors import InputError
from gradnoise.model import architectures
from sections import Section, suggestion

DESCRIPTIONS = Path(".snakemake/gradnoise")
SOURCE = Path(__file__).parents[2] / "src"


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


def source(name: str) -> tuple[str, ...]:
    """Fingerprint of a user's own model, empty for built-in ones."""
    if ":" not in name:
        return ()
    try:
        return fingerprint(name.split(":")[0], Path.cwd())
    except FileNotFoundError:
        return ()  # installed elsewhere: its version is the user's to keep


def parameters(
    model: Model, input_shape: tuple[int, ...], outputs: int
) -> list[architectures.Parameter]:
    """Every parameter of a network, in its order.

    Raises:
        InputError: where the network cannot be built.
    """
    settings = model.model_dump()
    if ":" not in model.name:
        return architectures.parameters(settings, input_shape, outputs)
    return _described({"model": settings, "input_shape": input_shape, "outputs": outputs})


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
            message = done.stderr.strip().removeprefix("error: ")
            raise InputError(f"model.name: {name} cannot be used: {message}")
    return architectures.from_description(json.loads(cached.read_text()))
