"""The small experiment as a whole: what it makes, what clusters are asked for, and what bad input says."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
import zarr

import server
import sizing
from example_config import ROOT
from example_project import append, create, overlay, replace, snakemake
from run import Job


@pytest.mark.slow
def test_every_output_of_the_experiment_exists(project: Path) -> None:
    results = project / "results"
    for name in ("report.html", "noise_card.json", "claims.csv", "calibration.csv"):
        assert (results / name).stat().st_size > 100
    assert (results / "tables/gaussianity.csv").exists()
    assert (results / "small/seed-1/checkpoints/epoch-1.safetensors").exists()
    assert (results / "own/seed-1/epoch-1/noise/repeat-2.zarr").is_dir()
    assert (results / "own/seed-1/epoch-1/langevin/plain/out.weight.h5").exists()
    for suffix in ("pdf", "png", "csv"):
        assert (results / f"figures/own-percentage_by_batch_size.{suffix}").stat().st_size > 100
    assert not list(project.rglob("*.work"))


@pytest.mark.slow
@pytest.mark.skipif(not server.LINUX, reason="jobs are processes of their own there")
def test_jobs_are_forks_of_a_warm_process(project: Path) -> None:
    # The user's model has noted the names of the processes that built it.
    programs = (project / "programs").read_text().split()
    assert {"training", "gradients", "trajectory"} <= set(programs)


@pytest.mark.slow
def test_a_model_of_tokens_with_a_loss_of_its_own_is_measured_like_any_other(project: Path) -> None:
    results = project / "results"
    assert "models see integers as read (tokens)" in (results / "report.html").read_text()
    card = json.loads((results / "noise_card.json").read_text())
    layers = {layer["parameter"] for layer in card["runs"]["own"]["layers"]}
    assert {"embed.weight", "out.weight"} <= layers
    clt = pd.read_csv(results / "tables/clt.csv")
    assert {"embed", "out"} <= set(clt.loc[clt["run"] == "own", "layer"])
    growth = pd.read_csv(results / "tables/growth.csv")
    assert {"embed.weight", "out.weight"} <= set(growth.loc[growth["run"] == "own", "parameter"])
    langevin = pd.read_csv(results / "tables/langevin.csv")
    assert {"embed.weight", "out.weight"} <= set(langevin.loc[langevin["run"] == "own", "subspace"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["small", "own"])
def test_arrays_of_each_file_take_as_many_bytes_as_was_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(project)
    experiment = sizing.read(["overlay.yaml"])
    run, paths = experiment.runs[name], experiment.paths
    at = Job(run, 1, 1, repeat=1, parameter=run.measured[0].name, variant="plain")
    where, layer = at.checkpoint, at.parameter
    hold = {
        "gradients": (paths.gradients(where), r"gradient(_along_directions)?"),
        "noise": (paths.noise(where, 1), r"noise(_along_directions)?"),
        "moments": (paths.moments(where), r".*"),
        "gaussianity": (paths.layer("gaussianity", where, layer), r"(?!index|samples).*"),
        "clt": (paths.layer("clt", where, layer), r"pvalue|varies|.*_without"),
        "tails": (paths.layer("tails", where, layer), r"alpha|scale|converged"),
        "trajectory": (paths.trajectory(where, "plain"), r"position|velocity"),
    }
    for stage, (path, pattern) in hold.items():
        assert array_bytes(Path(path), pattern) == sizing.stored(stage, at), stage


def array_bytes(path: Path, pattern: str) -> int:
    """Uncompressed bytes of a file's arrays of some names; of HDF5, those of single coordinates and directions."""
    arrays: list[tuple[str, Any]] = []
    if path.suffix == ".zarr":
        group: Any = zarr.open_group(path, mode="r")
        arrays += [each for each in group.members(max_depth=None) if hasattr(each[1], "dtype")]
    else:
        with h5py.File(path) as file:
            groups = [
                file[name] for name in ("coordinates", "directions", "held_out") if name in file
            ]
            for each in groups:
                each.visititems(lambda name, array: arrays.append((name, array)))
            found = [(name, array) for name, array in arrays if isinstance(array, h5py.Dataset)]
            arrays = [(name, np.empty(array.shape, array.dtype)) for name, array in found]
    names = [(name.split("/")[-1], array) for name, array in arrays]
    return sum(
        array.size * array.dtype.itemsize for name, array in names if re.fullmatch(pattern, name)
    )


@pytest.mark.slow
def test_snakemakes_own_report_is_written(project: Path) -> None:
    done = snakemake(project, "--report", "overview.html")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Figures" in (project / "overview.html").read_text()


@pytest.mark.slow
def test_the_slurm_profile_dry_runs_with_resources_for_every_rule(restored: Path) -> None:
    done = snakemake(restored, "--profile", "workflow/profiles/slurm", "--dry-run", "--forceall")
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    for rule in (
        "training",
        "gradients",
        "noise",
        "gaussianity",
        "moments",
        "clt",
        "tails",
        "rejection",
        "trajectory",
        "langevin",
    ):
        resources = re.search(rf"rule {rule}(?:_\d+)?:.*?resources: (.*?)\n", text, re.S)
        assert resources, rule
        assert re.search(r"mem_mb=\d+.*runtime=\d+", resources[1]), resources[1]
    assert "gpu=1" in text
    assert "Exception" not in text


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


@pytest.mark.slow
def test_an_experiment_of_studies_alone_comes_to_its_page(tmp_path: Path) -> None:
    create(tmp_path)
    studies = {"balance": {"studies": ["crossings"], "replicas": 100}, "geometry": {"studies": []}}
    alone = {"output": "results", "runs": [], "calibration": {"series": 500}, **studies}
    (tmp_path / "overlay.yaml").write_text(yaml.safe_dump(alone))
    done = snakemake(tmp_path, "--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    results = tmp_path / "results"
    assert [path.name for path in (results / "tables").glob("*.csv")] == ["balance_crossings.csv"]
    page = (results / "report.html").read_text()
    assert 'id="balance"' in page
    assert "of 100 replicas cross it" in page
    assert 'id="training"' not in page
    assert json.loads((results / "noise_card.json").read_text())["runs"] == {}
    claims = pd.read_csv(results / "claims.csv")
    assert (claims["verdict"] == "not testable here").all()
    assert "needs a run that samples noise" in set(claims["reason"])
