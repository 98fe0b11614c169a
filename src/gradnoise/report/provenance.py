"""Where results come from: data, versions and settings, as the page and the card state them."""

from collections.abc import Mapping
from typing import Any

import yaml

from gradnoise.errors import InputError
from gradnoise.store.versions import versions

ORDER = (
    *(
        "output",
        "runs",
        "run_definitions",
        "data",
        "model",
        "training",
        "noise",
        "gaussianity",
        "clt",
    ),
    *("tails", "trajectory", "langevin", "calibration", "control", "figures"),
)


PACKAGES = (
    *("gradnoise", "torch", "torchvision", "numpy", "scipy", "numba", "zarr", "h5py"),
    *("pandas", "matplotlib", "snakemake"),
)


def software() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    return versions(PACKAGES)


def run_sections(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Config sections of every run: `settings["runs"]` where given, else the config with its overrides."""
    if settings.get("runs"):
        return dict(settings["runs"])
    config = settings.get("config") or {}
    definitions = config.get("run_definitions") or {}
    return {
        name: {
            section: {
                **(config.get(section) or {}),
                **((definitions.get(name) or {}).get(section) or {}),
            }
            for section in ("data", "model", "training", "noise", "gaussianity")
        }
        for name in config.get("runs") or []
    }


def trainers(settings: Mapping[str, Any]) -> dict[str, str]:
    """The run whose networks each run measures, where that is another."""
    definitions = (settings.get("config") or {}).get("run_definitions") or {}
    found = {
        name: definition["training_from"]
        for name, definition in definitions.items()
        if definition and definition.get("training_from")
    }
    return found | dict(settings.get("trained_by") or {})


def significance(settings: Mapping[str, Any]) -> float:
    """Level of the test: `settings["significance"]` where given, else that of the first run's config."""
    if "significance" in settings:
        return float(settings["significance"])
    for sections in run_sections(settings).values():
        return float(sections["gaussianity"]["significance"])
    raise InputError("report: found neither `significance` nor the runs' settings")


def configuration(settings: Mapping[str, Any]) -> str:
    """The config as YAML, its sections in the order of the pipeline."""
    config = settings.get("config") or {}
    known = [key for key in ORDER if key in config]
    ordered = {key: config[key] for key in [*known, *(key for key in config if key not in ORDER)]}
    return str(yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True))
