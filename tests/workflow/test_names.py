"""Names that shells, patterns and tables could take for something else."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import example_project
from example_config import edited
from experiment import Experiment
from gradnoise.errors import InputError
from gradnoise.tables import catalogue

# Commands, pages, formulas and formats, for whoever does not take them for text.
HOSTILE = """$(touch pwned) `touch pwned`;touch pwned <script>alert(1)</script> %s $x^2$ & 'q' "q" \\textbf ü"""
PATH = re.sub(r"[<>]", "", HOSTILE)
OUTPUT, DATA = f"my results (ü) {PATH}", f"own data/run (1) {PATH}.npz"
OVERLAY_NAME = f"own {HOSTILE.replace('/', '')}.yaml"
NOTE = f"{HOSTILE} {{0}} {{self}}\n%d"
OVERLAY = f"""
output: {json.dumps(OUTPUT)}
runs: ["1", "NA"]
run_definitions:
  "1":
    model:
      name: odd_names:sequential
      arguments:
        note: {json.dumps(NOTE)}
    trajectory:
      variants: ["2"]
      variant_definitions:
        "2": {{}}
  "NA":
    model:
      name: odd_names:Net
data:
  dataset: arrays
  path: {json.dumps(DATA)}
training:
  epochs: 1
  seeds: [1]
noise:
  checkpoints: [1]
  batch_sizes: [4, 16]
  batches: 30
  repeats: 1
  coordinates: 20
  directions: 5
gaussianity:
  batches: [30]
trajectory:
  burn_in: 20
  steps: 100
  eigenvectors: 2
  curvature_samples: 50
  snapshots: 1
calibration:
  series: 500
balance:
  studies: []
geometry:
  studies: []
"""
MODELS = '''"""Networks whose layers have odd names."""
import torch
from torch import nn


def sequential(note):
    """Numbers for names; the note is what the config says."""
    assert note == NOTE
    return nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3))

class Net(nn.Module):
    """Hyphens, spaces, letters that are not ASCII, and what looks like a missing value."""
    def __init__(self):
        super().__init__()
        names = ["fc-1", "fc 2", "größe", "null"]
        self.layers = nn.ModuleDict({name: nn.Linear(5, 5) for name in names})
        self.NaN = nn.Linear(5, 3)

    def forward(self, inputs):
        for layer in self.layers.values():
            inputs = torch.tanh(layer(inputs))
        return self.NaN(inputs)
'''
LAYERS = {
    "1": ["0", "2"],
    "NA": ["layers.fc-1", "layers.fc 2", "layers.größe", "layers.null", "NaN"],
}


@pytest.mark.slow
def test_a_run_with_odd_names_comes_to_its_end(tmp_path: Path) -> None:
    folder = tmp_path / """a folder (ä) & 'b' [c] $d \"e\" {f}"""
    folder.mkdir()
    example_project.create(folder)
    (folder / OVERLAY_NAME).write_text(OVERLAY)
    (folder / "odd_names.py").write_text(f"{MODELS}\nNOTE = {NOTE!r}\n")
    (folder / DATA).parent.mkdir(parents=True)
    numbers = np.random.default_rng(0).normal(size=(600, 5))
    classes = [HOSTILE, r"$\frac{$ {0}", "<b>two</b>\n%d"]
    np.savez(folder / DATA, inputs=numbers, targets=np.arange(600) % 3, classes=classes)
    done = example_project.snakemake(folder, "--cores", "2", config=OVERLAY_NAME)
    assert done.returncode == 0, done.stdout + done.stderr
    results = folder / OUTPUT
    assert not list(folder.rglob("pwned*"))  # no shell took a name for a command
    tables = catalogue.read(results / "tables")
    for name in ("gaussianity", "tails", "clt", "layers", "prediction", "influence_classes"):
        rows = tables[name][tables[name]["kind"] == "weight"]
        found = {run: list(each["layer"].unique()) for run, each in rows.groupby("run")}
        assert found == LAYERS, name
        assert list(rows["parameter"]) == [f"{layer}.weight" for layer in rows["layer"]]
    assert set(tables["langevin"]["variant"]) == {"2"}
    assert set(tables["langevin"]["subspace"]) == {"0.weight", "2.weight", "model"}
    page = (results / "report.html").read_text()
    for name in ("fc-1", "fc 2", "größe", "null", "NaN"):
        assert name in page
    assert_text_alone(page)
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 0
    card = json.loads((results / "noise_card.json").read_text())
    assert card["runs"]["1"]["model"]["arguments"] == {"note": NOTE}
    again = example_project.snakemake(folder, "--cores", "2", "--dry-run", config=OVERLAY_NAME)
    assert "Nothing to be done" in again.stdout + again.stderr


def assert_text_alone(page: str) -> None:
    """A page runs nothing, and every tag in it is the template's."""
    template = files("gradnoise.report").joinpath("template.html").read_text()
    ours = set(re.findall(r"<([a-z]\w*)", template)) | {"style"}
    assert set(re.findall(r"<([a-zA-Z]\w*)", page)) <= ours
    assert "script" not in ours


@pytest.mark.parametrize("column", catalogue.TEXT)
def test_names_are_text_in_every_table(tmp_path: Path, column: str) -> None:
    for names in (["0", "1"], ["1.5", "007"], ["NA", "null"], ["", "nan"]):
        table = pd.DataFrame({column: names, "value": [1.5, np.nan]})
        table.to_csv(tmp_path / "table.csv", index=False)
        read = catalogue.read_table(tmp_path / "table.csv")
        assert list(read[column]) == names
        assert read["value"].isna().tolist() == [False, True]


@pytest.mark.parametrize("key", ["output", "data.path"])
@pytest.mark.parametrize("path", ["run{1}.npz", "{run}", "<b>", "two\nlines"])
def test_paths_that_no_pattern_can_hold_are_refused(key: str, path: str) -> None:
    config: dict[str, Any] = edited(key, path)
    with pytest.raises(InputError, match=f"{key}: found .*; accepted: a path without braces and"):
        Experiment(config)


@pytest.mark.parametrize("name", ["a/b", "a{b}", "a'b", "a$b", "a\tb", "__a"])
def test_a_layer_whose_name_no_result_can_have_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    config = odd_network(monkeypatch, tmp_path, name)
    with pytest.raises(InputError, match=r"model.name of run cnn: the parameter .* cannot name"):
        Experiment(config)
    config["noise"]["layers"] = ["other"]
    assert [p.name for p in Experiment(config).runs["cnn"].measured] == ["other.weight"]


@pytest.mark.parametrize("name", ["model", "network"])
def test_a_parameter_may_not_be_called_as_the_whole_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    text = "self.register_parameter(NAME, nn.Parameter(torch.ones(1)))"
    config = odd_network(monkeypatch, tmp_path, name, text)
    with pytest.raises(InputError, match=f"the parameter '{name}' cannot name"):
        Experiment(config)


def odd_network(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    name: str,
    text: str = "self.add_module(NAME, nn.Linear(1, 1))",
) -> dict[str, Any]:
    """A config with a network of one ordinary layer and one, or a parameter, of that name."""
    monkeypatch.chdir(folder)
    (folder / "odd.py").write_text(f"""
import torch
from torch import nn
NAME = {name!r}
class Net(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.other = nn.Linear(5, outputs)
        {text}
    def forward(self, inputs):
        return self.other(inputs)
""")
    np.savez("own.npz", inputs=np.ones((200, 5)), targets=np.arange(200) % 3)
    config = edited("runs", ["cnn"])
    config["run_definitions"]["cnn"] = {
        "model": {"name": "odd:Net", "arguments": {}},
        "data": {"dataset": "arrays", "path": "own.npz"},
    }
    return config
