"""The machine and the process that the workflow runs in."""

import os
import shlex
import sys
from pathlib import Path


def prepare(source: Path) -> None:
    """Let jobs, local or on a cluster, find this Python and the package without being activated."""
    path = [str(source), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def command(configfiles: list[Path]) -> str:
    """The command that makes these results, for the report."""
    given = [os.path.relpath(path) for path in configfiles]
    overlays = [shlex.quote(path) for path in given if path != "config.yaml"]
    return " ".join(["snakemake --cores all", *(["--configfile", *overlays] if overlays else [])])
