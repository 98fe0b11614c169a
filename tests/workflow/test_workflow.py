"""The workflow as a whole: what runs, what runs again after an edit, and what bad input says.

One small experiment is run once, in a copy of the project; every edit is then judged by a dry run and undone.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parents[2]
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
        width: 6
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
calibration:
  series: 2000
"""
OWN_NETWORK = '''"""A user's network."""
from torch import nn

def build(width):
    """Two layers."""
    return nn.Sequential(nn.Flatten(), nn.Linear(5, width), nn.Tanh(), nn.Linear(width, 3))
'''
# Jobs of the small experiment, per run: two checkpoints, two repeats, one and two weight matrices.
DOWNSTREAM = {"tables": 1, "figures": 26, "claims": 1, "report": 1}
STATISTICS = {"gaussianity": 6, "clt": 6, "tails": 6, **DOWNSTREAM}


def snakemake(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in the project as a user would."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-m", "snakemake", *arguments, "--configfile", "overlay.yaml"]
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
    counts = {name: int(number) for name, number in re.findall(r"^(\w+) +(\d+)$", table, re.M)}
    return {name: n for name, n in counts.items() if name not in ("all", "total")}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the small experiment done."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("Snakefile", "config.yaml", "workflow", "src", "data"):
        source = ROOT / name
        if source.is_dir():
            ignore = shutil.ignore_patterns("*.tar*", "cifar*", "*.egg-info")
            shutil.copytree(source, folder / name, ignore=ignore)
        else:
            shutil.copy(source, folder / name)
    (folder / "overlay.yaml").write_text(OVERLAY)
    (folder / "own_network.py").write_text(OWN_NETWORK)
    random = np.random.default_rng(0)
    inputs, targets = random.normal(size=(200, 5)), np.arange(200) % 3
    np.savez(folder / "own.npz", inputs=inputs, targets=targets)
    done = snakemake(folder, "--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def restored(project: Path) -> Iterator[Path]:
    """The project; files edited by a test are put back, times included."""
    kept = {
        path: (path.read_bytes(), path.stat())
        for folder in ("src", "workflow", ".")
        for path in (
            (project / folder).rglob("*") if folder != "." else (project / folder).glob("*")
        )
        if path.is_file() and "__pycache__" not in path.parts
    }
    yield project
    for path, (content, status) in kept.items():
        if path.read_bytes() != content or path.stat().st_mtime_ns != status.st_mtime_ns:
            path.write_bytes(content)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


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


def new_data(project: Path) -> None:
    random = np.random.default_rng(1)
    inputs, targets = random.normal(size=(200, 5)), np.arange(200) % 3
    np.savez(project / "own.npz", inputs=inputs, targets=targets)


def touch_all(project: Path) -> None:
    for path in [*(project / "src").rglob("*.py"), *(project / "workflow").rglob("*")]:
        if path.is_file():
            os.utime(path)
    for name in ("Snakefile", "config.yaml", "overlay.yaml", "own_network.py"):
        os.utime(project / name)


SAMPLING = {"gradients": 4, "moments": 4, "noise": 8, **STATISTICS}
# One trajectory, in the span of one weight matrix and of the whole model.
FOLLOWED = {"trajectory": 1, "langevin": 2}
TRAINING = {"training": 2, **SAMPLING, **FOLLOWED}
OWN = {"gradients": 2, "moments": 2, "noise": 4, **STATISTICS}
OWN |= {"gaussianity": 4, "clt": 4, "tails": 4}
EDITS: dict[str, tuple[Callable[[Path], None], dict[str, int]]] = {
    "nothing": (lambda project: None, {}),
    "a colour in the config": (
        overlay("figures", colours=["#000000", "#111111", "#222222"]),
        {"figures": 26, "report": 1},
    ),
    "a figure's source": (
        append("src/gradnoise/figures/training_curves.py", "\nEDITED = 1\n"),
        {"figures": 2, "report": 1},
    ),
    "the significance level": (
        overlay("gaussianity", significance=0.01),
        {"calibration": 1, **STATISTICS},
    ),
    "the number of batches": (
        overlay("noise", batches=40),
        {"noise": 8, **STATISTICS},
    ),
    "one repeat more": (
        overlay("noise", repeats=3),
        {"noise": 4, **STATISTICS},
    ),
    "one checkpoint less": (overlay("noise", checkpoints=[1]), DOWNSTREAM | {"figures": 24}),
    "the learning rate": (overlay("training", learning_rate=0.02), TRAINING),
    "two swapped settings": (
        overlay("training", learning_rate=0.9, momentum=0.05),
        TRAINING,
    ),
    "a comment": (append("src/gradnoise/training/__main__.py", "# a remark\n"), {}),
    "a docstring": (replace("src/gradnoise/stage.py", '"""The edge', '"""The outer edge'), {}),
    "a module of one stage": (
        append("src/gradnoise/calibration/checks.py", "\nEDITED = 1\n"),
        {"calibration": 1, "report": 1},
    ),
    "the training's source": (
        append("src/gradnoise/training/__main__.py", "\nEDITED = 1\n"),
        TRAINING,
    ),
    "the share of Gaussian coordinates that B* asks for": (
        overlay("clt", share=0.8),
        {"clt": 6, **DOWNSTREAM},
    ),
    "an estimator of the tail index": (
        overlay("tails", methods=["ecf", "mcculloch"]),
        {"tails": 6, **DOWNSTREAM},
    ),
    "the steps of a trajectory": (overlay("trajectory", steps=240), FOLLOWED | DOWNSTREAM),
    "the momentum of no recorded variant": (
        overlay("trajectory", variant_definitions={"momentum": {"momentum": 0.5}}),
        {"report": 1},
    ),
    "the lags that are kept": (overlay("langevin", lags=10), {"langevin": 2, **DOWNSTREAM}),
    "the control's seed": (overlay("control", seed=1), {"control": 1, "report": 1}),
    "a package data file": (append("src/gradnoise/report/template.html", "<p>\n"), {"report": 1}),
    "a user's model": (
        replace("own_network.py", "nn.Tanh", "nn.ReLU"),
        {"training": 1, **OWN},
    ),
    "a comment in a user's model": (append("own_network.py", "# a remark\n"), {}),
    "a user's data file": (new_data, {"data": 1, "training": 1, **OWN}),
    "file times only": (touch_all, {}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_invalidates_exactly_the_stages_that_depend_on_it(
    restored: Path, name: str
) -> None:
    edit, expected = EDITS[name]
    edit(restored)
    assert would_run(restored) == expected


@pytest.mark.slow
def test_restoring_an_edit_leaves_nothing_to_be_done(restored: Path) -> None:
    path = restored / "src/gradnoise/training/__main__.py"
    text = path.read_text()
    path.write_text(text + "\nEDITED = 1\n")
    assert would_run(restored)["training"] == 2
    path.write_text(text)
    assert would_run(restored) == {}


@pytest.mark.slow
def test_every_output_of_the_experiment_exists(project: Path) -> None:
    results = project / "results"
    for name in ("report.html", "noise_card.json", "claims.csv", "calibration.csv"):
        assert (results / name).stat().st_size > 100
    assert (results / "tables/gaussianity.csv").exists()
    assert (results / "small/seed-1/checkpoints/epoch-1.safetensors").exists()
    assert (results / "own/seed-1/epoch-1/noise/repeat-2.zarr").is_dir()
    assert len(list((results / "figures").glob("*.pdf"))) == 26
    assert not list(project.rglob("*.work"))


@pytest.mark.slow
def test_snakemakes_own_report_is_written(project: Path) -> None:
    done = snakemake(project, "--report", "overview.html")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Figures" in (project / "overview.html").read_text()


@pytest.mark.slow
def test_the_slurm_profile_dry_runs_with_resources_for_every_rule(restored: Path) -> None:
    profile = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
    # The plugin itself is installed on clusters only: every other entry is used as it is.
    for key in ("executor", "slurm-status-command"):
        del profile[key]
    (restored / "profile").mkdir()
    (restored / "profile/config.yaml").write_text(yaml.safe_dump(profile))
    done = snakemake(restored, "--profile", "profile", "--dry-run", "--forceall")
    text = done.stdout + done.stderr
    shutil.rmtree(restored / "profile")
    assert done.returncode == 0, text
    for rule in (
        "training",
        "gradients",
        "noise",
        "gaussianity",
        "moments",
        "clt",
        "tails",
        "trajectory",
        "langevin",
    ):
        resources = re.search(rf"rule {rule}:.*?resources: (.*?)\n", text, re.S)
        assert resources, rule
        assert re.search(r"mem_mb=\d+.*runtime=\d+", resources[1]), resources[1]
    assert "gpu=1" in text


@pytest.mark.slow
def test_commands_of_the_largest_experiment_fit_into_a_command_line() -> None:
    overlay = "workflow/experiments/resnet56.yaml"
    arguments = ["--cores", "2", "--dry-run", "--printshellcmds", "--configfile", overlay]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    commands = re.findall(r"python -m gradnoise.*", done.stdout + done.stderr)
    assert len(commands) > 1000
    # Linux takes at most 128 KiB in one argument, and a job's command is one argument of its shell.
    assert max(map(len, commands)) < 1 << 17


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (overlay("noise", batch_sise=[3]), "noise.batch_sise: unknown key"),
        (replace("overlay.yaml", "own_network:build", "own_network:missing"), "missing"),
        (overlay("gaussianity", batches=[2, 30]), "found 2"),
        (lambda project: (project / "own.npz").write_bytes(b"PK"), "own.npz"),
        (append("overlay.yaml", "training:\n  epochs: 2\n"), "written twice"),
    ],
)
@pytest.mark.slow
def test_bad_input_is_one_message_before_any_job(
    restored: Path, edit: Callable[[Path], None], message: str
) -> None:
    edit(restored)
    done = snakemake(restored, "--cores", "2")
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert message in text
    assert "Traceback" not in text
    assert "Job stats" not in text
