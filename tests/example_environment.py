"""A virtual environment that holds what `make install` installs, made of links to this one's packages."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from example_config import ROOT
from lock import PLATFORM_ONLY

# The interpreter that this environment was made with.
BASE = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
SCRIPT = """#!{python}
import sys
from {module} import {name}
sys.exit({name}())
"""


def create(folder: Path) -> None:
    """Make the environment: Python, pip, and every package of requirements.lock; nothing of the tests', nor Gradnoise.

    `pip install -r requirements.lock` finds all of it there already, and needs no network.
    """
    subprocess.run([BASE, "-m", "venv", folder], check=True)
    # Python 3.11 brings an old one along.
    subprocess.run([folder / "bin/pip", "--quiet", "uninstall", "--yes", "setuptools"], check=True)
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    locked = {canonicalize_name(line.split("==")[0]) for line in lines}
    for found in distributions():
        name = canonicalize_name(found.metadata["Name"])
        if name in locked or re.fullmatch(PLATFORM_ONLY, name):
            _link(found, folder)


def add(name: str, folder: Path) -> None:
    """Link one more package of this environment into another."""
    _link(distribution(name), folder)


def _link(found: Distribution, folder: Path) -> None:
    (site,) = folder.glob("lib/python*/site-packages")
    for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
        here, there = Path(str(found.locate_file(top))), site / top
        if top.endswith(".dist-info"):
            shutil.copytree(here, there, dirs_exist_ok=True)
        elif not there.exists():
            there.symlink_to(here)
    for point in found.entry_points.select(group="console_scripts"):
        script = folder / "bin" / point.name
        name = point.attr
        script.write_text(
            SCRIPT.format(python=folder / "bin/python", module=point.module, name=name)
        )
        script.chmod(0o755)
