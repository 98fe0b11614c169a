"""Registries: packages of which every module is one entry, so that a new entry is a new module and nothing else."""

import importlib
import pkgutil
from typing import Any


def registered(package: str, attribute: str) -> dict[str, Any]:
    """What every module of a package declares under one name, by the module's name.

    Call it with two literals: whoever does depends on all the entries, and the workflow's fingerprint reads
    from the source which these are.

    Args:
        package: dotted name of the registry.
        attribute: name of the declaration.

    Raises:
        AttributeError: names the module that declares nothing.

    >>> registered("gradnoise.draws", "__name__")["streams"]
    'gradnoise.draws.streams'
    """
    folder = importlib.import_module(package)
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    return {
        name: getattr(importlib.import_module(f"{package}.{name}"), attribute) for name in names
    }
