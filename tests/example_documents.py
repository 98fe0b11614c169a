"""What the README and the other documents tell to type: their commands and their Python."""

import re
from pathlib import Path

import numpy as np

from example_config import ROOT

README = ROOT / "README.md"
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

# What the README's Python is about: a reader's own network, loss and data, theory's matrices, and a recorded trajectory.
PREAMBLE = """
from collections import OrderedDict
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
layers = OrderedDict(conv1=nn.Conv2d(1, 3, 3), flat=nn.Flatten(), out=nn.Linear(108, 3))
model, loss = nn.Sequential(layers), F.cross_entropy
inputs, targets = torch.randn(200, 1, 8, 8), torch.randint(0, 3, (200,))
factor = np.random.default_rng(0).normal(size=(3, 3))
hessian, noise_covariance = np.diag([1.0, 2.0, 3.0]), factor @ factor.T
trajectory = np.zeros((9000, 3))
shocks = np.random.default_rng(1).normal(size=(9000, 3))
for step in range(2, 9000):
    trajectory[step] = 1.8 * trajectory[step - 1] - 0.85 * trajectory[step - 2] + shocks[step]
"""

# A reader's own package, as the README names it.
NETWORKS = '''"""Networks."""
from torch import nn

def build(width):
    """A first network: layers without names."""
    return nn.Sequential(nn.Linear(5, width), nn.ReLU(), nn.Linear(width, 3))

class Tagger(nn.Sequential):
    """Tokens to a class at every position."""
    def __init__(self, vocabulary):
        super().__init__(nn.Embedding(vocabulary, 8), nn.Linear(8, 4))
'''
LOSSES = '''"""Losses."""
from torch.nn.functional import cross_entropy

def by_sample(outputs, targets):
    """The mean over each sample's positions, then over the batch."""
    each = cross_entropy(outputs.transpose(1, 2), targets, ignore_index=-100, reduction="none")
    return (each.sum(1) / (targets != -100).sum(1).clamp(min=1)).mean()
'''


def provide(folder: Path) -> list[str]:
    """Write what the README's recipes take for granted, and its overlays: the names of these."""
    (folder / "my_package").mkdir()
    (folder / "my_package/networks.py").write_text(NETWORKS)
    (folder / "my_package/losses.py").write_text(LOSSES)
    random = np.random.default_rng(0)
    inputs, targets = random.normal(size=(300, 5)), np.arange(300) % 3
    np.savez(folder / "my_data.npz", inputs=inputs, targets=targets)
    tokens, classes = random.integers(0, 5000, (300, 12)), random.integers(0, 4, (300, 12))
    np.savez(folder / "sequences.npz", inputs=tokens, targets=classes)
    for seed in (1, 2, 3):
        (folder / f"my_checkpoints/seed-{seed}").mkdir(parents=True)
        for name in ("epoch-10.pt", "20.pth", "epoch-30.safetensors"):
            (folder / f"my_checkpoints/seed-{seed}/{name}").touch()
    recipe, *others = blocks(README, "yaml")
    (folder / "mine.yaml").write_text(recipe)
    for number, text in enumerate(others, start=1):
        # An overlay of its own, or more of the first.
        start = recipe.split("data:")[0] if "\nmodel:" in text else recipe
        (folder / f"mine-{number}.yaml").write_text(start + text)
    return ["mine.yaml", *(f"mine-{number}.yaml" for number in range(1, 1 + len(others)))]


def fences(document: Path) -> list[tuple[str, str]]:
    """Language ("" where none is named) and content of every fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", document.read_text(), flags=re.S | re.M)


def blocks(document: Path, language: str) -> list[str]:
    """Contents of the fenced blocks in one language."""
    return [content for named, content in fences(document) if named == language]


def inline_commands(document: Path) -> list[str]:
    """Commands in the running text and in tables."""
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.S | re.M)
    spans = re.findall(r"`([^`\n]+)`", text)
    command = r"(\.venv/bin/)?(make|snakemake|python3?|pip|git) \S.*"
    return list(dict.fromkeys(span for span in spans if re.fullmatch(command, span)))


def python_snippets() -> list[str]:
    """All Python of all documents, in their order."""
    return [snippet for document in DOCUMENTS for snippet in blocks(document, "python")]
