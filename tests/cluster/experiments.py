"""What is run on the cluster: the default experiment in small, and a network whose jobs can be held up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml

import example_project
from cluster.private_slurm import CPUS, MEMORY

HERE = Path(__file__).parent
# What README says is yours to set, as it is on the Slurm of these tests.
NODE = {
    "config.yaml": {
        "cores: 8": f"cores: {CPUS}",
        "mem_mb: 16000": f"mem_mb: {MEMORY}",
        "gpu: 8": "gpu: 1",
    },
    "partitions.yaml": {
        "max_runtime: 1440": "max_runtime: 120",
        "max_threads: 8": f"max_threads: {CPUS}",
        "max_mem_mb: 16000": f"max_mem_mb: {MEMORY}",
    },
}
# The default experiment's runs and stages.
SMALL = {
    "data": {"subset": 600},
    "training": {"epochs": 1, "seeds": [1], "batch_size": 64},
    "noise": {
        "checkpoints": [1],
        "batch_sizes": [8, 32],
        "batches": 40,
        "repeats": 2,
        "coordinates": 12,
        "directions": 4,
        "layers": ["conv1", "linear2"],
    },
    "run_definitions": {
        "cnn_epoch_shuffle": {"noise": {"checkpoints": [1], "repeats": 2}},
        "softmax_regression": {
            "training": {"epochs": 1, "checkpoints": [1]},
            "trajectory": {
                "variants": ["plain"],
                "burn_in": 40,
                "steps": 200,
                "replicas": 2,
                "eigenvectors": 2,
                "curvature_samples": 100,
                "snapshots": 2,
            },
        },
    },
    "gaussianity": {"batches": [20, 40]},
    "clt": {"exact_coordinates": 3},
    "trajectory": {
        "burn_in": 40,
        "steps": 200,
        "eigenvectors": 2,
        "curvature_samples": 100,
        "layers": False,
    },
    "langevin": {"lags": 20, "residual_lags": 10, "surrogates": 40},
    "calibration": {"series": 100},
    "control": {"batches": 100},
    "balance": {"replicas": 100},
    "geometry": {"width": 6, "depths": [3], "networks": 2, "samples": 4},
    "related": {"studies": ["implicit_sgd"], "repeats": 2, "length": 0.02},
}
# Sizes that fill memory.
SAMPLES, FEATURES = 12_000, 400
LARGE: dict[str, object] = {
    "runs": ["large"],
    "run_definitions": {"large": {"trajectory": {"variants": ["plain"]}}},
    "data": {"dataset": "arrays", "path": "large.npz"},
    "model": {"name": "mlp", "arguments": {"hidden_features": [512, 64]}},
    "training": {"epochs": 1, "seeds": [1]},
    "noise": {
        "checkpoints": [1],
        "layers": ["linear1"],
        "batch_sizes": [16, 256],
        "batches": 1200,
        "repeats": 1,
        "coordinates": 4000,
        "directions": 50,
    },
    "gaussianity": {"batches": [200]},
    "clt": {"exact_coordinates": 3},
    "trajectory": {
        "layers": False,
        "burn_in": 20,
        "steps": 200,
        "replicas": 4,
        "eigenvectors": 4,
        "curvature_samples": 200,
        "snapshots": 2,
    },
    "related": {"studies": ["implicit_sgd"]},
}
# Stores of gradients and noise by two jobs each.
PARTS = {"noise": {"shards": 2}}
EPOCHS, BATCHES = 6, 4
MIDDLE = (
    2 * BATCHES + 1
)  # passes after which training can be held up, two epochs and the first look
HELD_UP = {
    "runs": ["held_up"],
    "run_definitions": {"held_up": {}},
    "data": {"subset": 400},
    "model": {"name": "held_up:build"},
    "training": {"epochs": EPOCHS, "seeds": [1], "batch_size": 400 // BATCHES, "device": "cpu"},
    "noise": {
        "checkpoints": [EPOCHS],
        "batch_sizes": [4],
        "batches": 150,
        "repeats": 1,
        "strategy": "per_batch",
        "coordinates": 5,
        "directions": 2,
    },
    "gaussianity": {"batches": [100]},
}
NETWORK = '''"""A network whose jobs wait or take memory where a file of that name is there; jobs only, no planning."""
import atexit
import glob
import os
import time
from torch import nn

def wait(name):
    while "SLURM_JOB_ID" in os.environ and os.path.exists(name):
        time.sleep(0.05)

class HeldUp(nn.Module):
    """Softmax regression; leaves a byte behind for every pass of training."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(784, 10)

    def forward(self, inputs):
        if self.training and len(inputs) > 2:
            if os.path.exists("passes") and os.path.getsize("passes") > MIDDLE:
                wait("hold-training")
            with open("passes", "a") as file:
                file.write(".")
        elif glob.glob(JOURNAL) and "from batch 0" in open(JOURNAL).read():
            wait("hold-noise")
        return self.linear(inputs.flatten(1))

def build():
    """The network."""
    if "SLURM_JOB_ID" in os.environ and os.path.exists("greedy"):
        HeldUp.ballast = bytearray(b"x") * (1_000 << 20)
    atexit.register(wait, "hold-end")
    return HeldUp()
'''
PROFILE = ["--profile", "workflow/profiles/slurm", "--configfile", "overlay.yaml", "--"]
SECONDS = 1800  # that a run may take on a busy machine
TRAINING = "results/held_up/seed-1/training.csv"
LOG = "logs/results/held_up/seed-1/training.log"
NOISE = f"results/held_up/seed-1/epoch-{EPOCHS}/noise/repeat-1.zarr"
JOURNAL = f"results/held_up/seed-1/epoch-{EPOCHS}/noise/.repeat-1.zarr.work/finished"


def prepare(folder: Path, overlay: dict[str, object]) -> None:
    """A copy of the project with an experiment."""
    folder.mkdir()
    example_project.create(folder)
    random = np.random.default_rng(0)
    inputs = random.normal(size=(SAMPLES, FEATURES)).astype(np.float32)
    np.savez(folder / "large.npz", inputs=inputs, targets=(inputs[:, 0] > 0).astype(np.int64))
    (folder / "overlay.yaml").write_text(yaml.safe_dump({"output": "results", **overlay}))
    (folder / "parts.yaml").write_text(yaml.safe_dump(PARTS))
    constants = f"MIDDLE, JOURNAL = {MIDDLE}, {JOURNAL!r}\n"
    (folder / "held_up.py").write_text(NETWORK.replace("\n\n", f"\n{constants}\n", 1))
    for name, settings in NODE.items():
        path = folder / "workflow/profiles/slurm" / name
        text = path.read_text()
        for shipped, ours in settings.items():
            assert shipped in text, f"{shipped} is not in {path}"
            text = text.replace(shipped, ours)
        path.write_text(text)
    if overlay is HELD_UP:  # once for all scenarios
        assert Project(folder, {}).locally("--until", "data") == 0


class Project:
    """A copy of the project with an experiment, and Snakemake runs of it.

    Args:
        folder: that `prepare` filled.
        slurm: variables with which Slurm is found.
    """

    def __init__(self, folder: Path, slurm: dict[str, str]) -> None:
        self.folder, self.slurm = folder, slurm
        self._started: list[subprocess.Popen[bytes]] = []
        self._over = False

    @property
    def said(self) -> str:
        """What every run of Snakemake wrote, one after another."""
        return "".join(log.read_text() for log in sorted(self.folder.glob("run-*.log")))

    def ended(self, state: str) -> int:
        """Jobs of which Snakemake has read that Slurm ended them in a state."""
        return self.said.count(f"SLURM status is: '{state}'")

    def text(self, name: str) -> str:
        """Of a file, nothing where it is not there."""
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    @property
    def passes(self) -> int:
        """Passes of training since the beginning, all attempts together."""
        file = self.folder / "passes"
        return file.stat().st_size if file.exists() else 0

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Snakemake through the profile, as README says."""
        return self._start("-m", "snakemake", *PROFILE, *arguments)

    def run(self, *arguments: str) -> int:
        """As `start`, until it ends; returns its exit status."""
        return self.start(*arguments).wait(SECONDS)

    def resume(self, *arguments: str) -> int:
        """As README says after Snakemake was killed."""
        return self._start("workflow/resume.py", *PROFILE, *arguments).wait(SECONDS)

    def locally(self, *options: str) -> int:
        """Snakemake without a cluster."""
        command = ["-m", "snakemake", "--cores", "2", "--configfile", "overlay.yaml"]
        return self._start(*command, *options).wait(SECONDS)

    def in_parts(self, noise: str) -> int:
        """Sample gradients and noise of a store again, each in parts; every job is a process of its own."""
        again = "--no-hooks", "--forcerun", "gradients_part", "noise_part", "--", noise
        return self.locally("parts.yaml", *again)

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        number = len(list(self.folder.glob("run-*.log")))
        with (self.folder / f"run-{number}.log").open("wb") as log:
            started = subprocess.Popen(  # it ends with the tests, however these end
                ["setpriv", "--pdeathsig", "KILL", sys.executable, *command],
                cwd=self.folder,
                env={**os.environ, **self.slurm, "PYTHONPATH": str(HERE / "site")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(started)
        return started

    def end(self) -> None:
        """Let no Snakemake outlive the tests."""
        self._over = True
        for each in self._started:
            if each.poll() is None:
                self.kill(each)

    def hold(self, where: str) -> None:
        """Let jobs wait in the middle of `training` or `noise`, or at their `end`."""
        (self.folder / f"hold-{where}").touch()

    def release(self, where: str) -> None:
        """No longer."""
        (self.folder / f"hold-{where}").unlink()

    def wait(self, condition: Callable[[], object], seconds: float = 900) -> None:
        """Until something holds."""
        until = time.monotonic() + seconds
        while not condition():
            assert not self._over
            assert time.monotonic() < until, f"never happened; Snakemake said:\n{self.said[-4000:]}"
            time.sleep(0.1)

    def kill(self, snakemake: subprocess.Popen[bytes]) -> None:
        """End Snakemake as a crash of the login node would, its jobs not."""
        os.killpg(snakemake.pid, signal.SIGKILL)
        snakemake.wait()

    @property
    def run_id(self) -> str:
        """Slurm's name of all jobs of the last run, as README says where to find it."""
        return self.said.rpartition("SLURM run ID: ")[2].split()[0]

    def jobs(self, squeue: Callable[..., str]) -> list[str]:
        """Numbers of the jobs of the last run that Slurm knows of."""
        return squeue("squeue", "-h", "-o", "%i", "--name", self.run_id).split()
