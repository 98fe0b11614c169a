"""A small experiment in a copy of the project, and edits of it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml

from example_config import ROOT

OVERLAY = """
output: results
runs: [small, own]
run_definitions:
  small:
    data:
      subset: 400
    model:
      name: linear
    trajectory:
      variants: [plain]
  own:
    data:
      dataset: arrays
      path: own.npz
    model:
      name: own_network:build
      arguments:
        words: 9
        width: 6
    training:
      loss: own_loss:by_sample
    trajectory:
      variants: [plain]
training:
  epochs: 1
  seeds: [1]
noise:
  checkpoints: [0, 1]
  batch_sizes: [4, 16]
  batches: 30
  repeats: 2
  coordinates: 20
  directions: 10
gaussianity:
  batches: [20, 30]
trajectory:
  burn_in: 50
  steps: 200
  eigenvectors: 3
  curvature_samples: 100
  snapshots: 2
balance:
  studies: [crossings]
  replicas: 100
geometry:
  width: 6
  depths: [3]
  networks: 2
  samples: 4
related:
  studies: [implicit_sgd]
  repeats: 2
  length: 0.02
calibration:
  series: 2000
"""
OWN_NETWORK = '''"""A user's network of tokens: a class at every position."""
import os
import torch.nn.functional as F
from torch import nn

class Tagger(nn.Module):
    """Embedding, attention without weights, one layer."""

    def __init__(self, words, width, outputs):
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.activation = nn.Tanh()
        self.out = nn.Linear(width, outputs)

    def forward(self, tokens):
        values = self.embed(tokens).unsqueeze(1)
        mixed = F.scaled_dot_product_attention(values, values, values)
        return self.out(self.activation(values + mixed).squeeze(1))

def build(words, width, outputs):
    """The network; who asks for it is noted."""
    if os.path.exists("/proc/self/comm"):
        with open("programs", "a") as file, open("/proc/self/comm") as name:
            file.write(name.read())
    return Tagger(words, width, outputs)
'''
OWN_LOSS = '''"""A user's loss."""
import torch.nn.functional as F

def by_sample(outputs, targets):
    """Mean over samples of the mean over a sample's own positions, padding left out."""
    losses = F.cross_entropy(outputs.transpose(1, 2), targets, reduction="none")
    return (losses.sum(1) / (targets != -100).sum(1)).mean()
'''


def snakemake(
    project: Path, *arguments: str, config: str = "overlay.yaml"
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in the project as a user would."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-m", "snakemake", *arguments, "--configfile", config]
    return subprocess.run(
        command, cwd=project, capture_output=True, text=True, check=False, env=environment
    )


def would_run(project: Path) -> dict[str, int]:
    """Rules that a run would execute now, with their number of jobs."""
    done = snakemake(project, "--cores", "2", "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    text = done.stdout + done.stderr
    if "Nothing to be done" in text:
        return {}
    table = text.split("Job stats:")[1].split("\n\n")[0]
    counts: dict[str, int] = {}
    # Rules of a stage are numbered where there are several.
    for name, number in re.findall(r"^(\w+?)(?:_\d+)? +(\d+)$", table, re.M):
        counts[name] = counts.get(name, 0) + int(number)
    return {name: n for name, n in counts.items() if name not in ("all", "total")}


def create(folder: Path) -> None:
    """Copy the project, with the small experiment's files."""
    for name in ("Snakefile", "config.yaml", "workflow", "src", "data"):
        source = ROOT / name
        if source.is_dir():
            ignore = shutil.ignore_patterns("*.tar*", "cifar*", "*.egg-info")
            shutil.copytree(source, folder / name, ignore=ignore)
        else:
            shutil.copy(source, folder / name)
    (folder / "overlay.yaml").write_text(OVERLAY)
    (folder / "own_network.py").write_text(OWN_NETWORK)
    (folder / "own_loss.py").write_text(OWN_LOSS)
    new_data(folder, seed=0)


def replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Edit: the first occurrence of a text in a file."""

    def edit(project: Path) -> None:
        path = project / name
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1))

    return edit


def append(name: str, text: str) -> Callable[[Path], None]:
    """Edit: text at a file's end."""

    def edit(project: Path) -> None:
        assert (project / name).exists()
        with (project / name).open("a") as file:
            file.write(text)

    return edit


def overlay(section: str, **values: object) -> Callable[[Path], None]:
    """Edit: keys of a section of the config."""

    def edit(project: Path) -> None:
        path = project / "overlay.yaml"
        config = yaml.safe_load(path.read_text())
        config.setdefault(section, {}).update(values)
        path.write_text(yaml.safe_dump(config))

    return edit


def new_data(project: Path, seed: int = 1) -> None:
    """Edit: the user's data file, sequences of tokens of 2 to 5 positions."""
    random = np.random.default_rng(seed)
    tokens = random.integers(0, 9, (600, 5))  # enough for the growth of moments
    classes = (tokens + np.roll(tokens, 1, axis=1)) % 3
    padding = np.arange(5) >= random.integers(2, 6, (600, 1))
    np.savez(project / "own.npz", inputs=tokens, targets=np.where(padding, -100, classes))


def touch_all(project: Path) -> None:
    """Edit: nothing but times."""
    for path in [*(project / "src").rglob("*.py"), *(project / "workflow").rglob("*")]:
        if path.is_file():
            os.utime(path)
    for name in ("Snakefile", "config.yaml", "overlay.yaml", "own_network.py", "own_loss.py"):
        os.utime(project / name)
