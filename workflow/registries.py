"""Names that the package registers, read without importing the modules that register them.

The config's choices are what the package offers. Importing an estimator or an optimizer would cost every
process of Snakemake the start of Numba or torch: a registry is a folder, and its modules' names are enough.
"""

from pathlib import Path

import gradnoise

SOURCE = Path(gradnoise.__file__).parents[1]


def modules(package: str) -> tuple[str, ...]:
    """Entries of a registry that is a folder: the names of its modules, in alphabetical order."""
    files = SOURCE.joinpath(*package.split(".")).glob("*.py")
    return tuple(sorted(file.stem for file in files if not file.stem.startswith("_")))
