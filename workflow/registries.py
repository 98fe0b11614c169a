"""Names that the package registers, read without importing the modules that register them.

The config's choices are what the package offers. Importing an estimator or an optimizer would cost every
process of Snakemake the start of Numba or torch: their sources are parsed instead.
"""

import ast
from functools import cache
from pathlib import Path
from typing import Any

import gradnoise
from fingerprint import entries

SOURCE = Path(gradnoise.__file__).parents[1]


def modules(package: str) -> tuple[str, ...]:
    """Entries of a registry that is a folder: the names of its modules, in alphabetical order."""
    return tuple(entry.split(".")[-1] for entry in entries(package, SOURCE))


@cache
def constant(module: str, name: str) -> Any:
    """Literal value of a module's constant.

    Raises:
        LookupError: where the module assigns no such constant.
    """
    path = SOURCE.joinpath(*module.split(".")).with_suffix(".py")
    for node in ast.parse(path.read_text(), filename=str(path)).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return ast.literal_eval(node.value)  # type: ignore[attr-defined]
    raise LookupError(f"{module}: assigns no {name}")
