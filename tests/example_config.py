"""The default config, and the experiments that it becomes with one key changed."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from experiment import Experiment
from run import Job

ROOT = Path(__file__).parents[1]
DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())
OVERLAYS = sorted(path.stem for path in (ROOT / "workflow/experiments").glob("*.yaml"))


def edited(path: str, value: Any) -> dict[str, Any]:
    """The default config with one key, dotted, set (or removed, for `...`)."""
    config = deepcopy(DEFAULT)
    *parents, key = path.split(".")
    section = config
    for parent in parents:
        section = section[parent]
    if value is ...:
        del section[key]
    else:
        section[key] = value
    return config


def overlay(name: str) -> dict[str, Any]:
    """An experiment's overlay; its images and trained networks themselves need not be here."""
    found: dict[str, Any] = yaml.safe_load((ROOT / f"workflow/experiments/{name}.yaml").read_text())
    for definition in found.get("run_definitions", {}).values():
        (definition or {}).get("training", {}).pop("path", None)
    if found.get("data", {}).get("dataset") == "image_folder":
        found["data"] = {"dataset": "cifar10", "path": "data", "download": True}
    return found


def job(run: str = "cnn", config: dict[str, Any] = DEFAULT, **place: Any) -> Job:
    """A job of a run of an experiment."""
    return Job(Experiment(config).runs[run], **{"seed": 1, "epoch": 4, **place})
