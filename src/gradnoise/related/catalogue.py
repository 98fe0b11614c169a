"""Which studies there are, found by the names of their modules: none is imported until it is asked for.

Imports nothing heavy: the workflow and the catalogue of figures read it.
"""

from pathlib import Path

_STUDIES = Path(__file__).with_name("studies")


def modules() -> dict[str, str]:
    """Dotted module of every study, by its name.

    >>> modules()["implicit_sgd"]
    'gradnoise.related.studies.exact.implicit_sgd'
    """
    found = sorted(path for path in _STUDIES.glob("*/*.py") if path.stem != "__init__")
    return {path.stem: f"{__package__}.studies.{path.parent.name}.{path.stem}" for path in found}
