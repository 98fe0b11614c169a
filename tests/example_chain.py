"""Every stage's program on one small network, in this process; every random stream that it asks for is noted."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from example_results import call
from gradnoise.draws import streams

SAMPLES, SEED, SIZES, BATCHES, TESTED, REPEATS = 451, 3, [4, 9, 400], 170, [20, 170], [1, 2]
LAYERS = ["linear1.weight", "linear2.weight"]
DATA = {
    **{"dataset": "logistic_regression", "path": None, "download": False, "image_size": None},
    **{"subset": SAMPLES, "test_fraction": 0.2, "standardise": True, "inputs": "auto"},
    **{"task": "classification", "seed": 5},
    "synthetic": {
        **{"samples": 700, "test_samples": 31, "features": 5, "outputs": 3, "parameters": None},
        **{"input_distribution": "student_t", "spectrum_exponent": 0.5, "degrees_of_freedom": 4.0},
        **{"label_noise_distribution": "gaussian", "label_noise_scale": 0.5},
    },
}
MODEL = {"name": "mlp", "arguments": {"hidden_features": [6]}}
HOW = {
    **{"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.5, "nesterov": False},
    **{"manifold": "euclidean", "weight_decay": 0.01, "milestones": [1], "milestone_factor": 0.5},
    **{"epochs": 2, "batch_size": 40, "loss": "cross_entropy", "augment": False},
    **{"checkpoints": "all", "device": "cpu", "torch_threads": 1},
}
TRAINING = {"model": MODEL, "training": HOW, "seed": SEED, "pretrained": None}
MEASURED = {
    **{"model": MODEL, "loss": "cross_entropy", "device": "cpu", "torch_threads": 1},
    **{"seed": SEED, "epoch": 2, "parameters": LAYERS, "coordinates": 17, "directions": 3},
    **{"batch_norm_mode": "eval", "augment": False, "strategy": "per_sample", "memory": 1 << 24},
}
DRAWN = {"batch_sizes": SIZES, "batches": BATCHES, "sampling": "with_replacement"}
LEVEL = 0.1
CLT = {
    **{"batch_sizes": SIZES, "batches": TESTED, "repeats": len(REPEATS), "seed": SEED},
    **{"sampling": "with_replacement", "exact_coordinates": 7},
    **{"distance": 0.02, "share": 0.75},
}
TAILS = {"batches": BATCHES, "seed": SEED, "methods": ["mcculloch", "ecf"]}
AT = f"cnn/seed-{SEED}/epoch-2"
REJECTION = {"run": "cnn", "seed": SEED, "epoch": 2, "parameters": LAYERS, "significance": LEVEL}
TRAJECTORY = {
    **{"model": MODEL, "loss": "cross_entropy", "device": "cpu", "torch_threads": 1},
    **{"seed": SEED, "epoch": 2, "parameters": ["linear2.weight"], "batch_norm_mode": "eval"},
    **{"augment": False, "learning_rate": 0.1, "momentum": 0.5, "nesterov": False},
    **{"weight_decay": 0.01, "batch_size": 8, "sampling": "with_replacement", "burn_in": 30},
    **{"steps": 400, "replicas": 2, "eigenvectors": 2, "random_directions": 2, "coordinates": 3},
    **{"curvature_samples": 60, "snapshots": 3},
}
LANGEVIN = {"seed": SEED, "lags": 40, "residual_lags": 20, "surrogates": 5}
CALIBRATION = {"seed": 5, "significances": [LEVEL], "batches": [50], "series": 40}
BALANCE = {
    **{"study": "laws", "seed": 5, "replicas": 8, "label_noise": 5.0},
    **{"depths": [0, 1], "ratios": [0.5, 1.5]},
}


class Asked(NamedTuple):
    """One stream that was asked for."""

    job: str  # stage, and what tells its jobs apart
    by: str  # who asked: module and function
    seed: int
    purpose: int
    key: tuple[int, ...]


@contextmanager
def noted(job: str, into: list[Asked]) -> Iterator[None]:
    """Notes every stream that is asked for inside."""

    class Noted(np.random.SeedSequence):
        def __init__(self, entropy: Any = None, *, spawn_key: Any = (), **options: Any) -> None:
            super().__init__(entropy, spawn_key=spawn_key, **options)
            frame = sys._getframe(1)
            while frame.f_globals["__name__"] == streams.__name__:
                assert frame.f_back is not None
                frame = frame.f_back
            by = f"{frame.f_globals['__name__']}.{frame.f_code.co_name}"
            purpose, *key = map(int, spawn_key)
            into.append(Asked(job, by.removeprefix("gradnoise."), int(entropy), purpose, (*key,)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams.np.random, "SeedSequence", Noted)
        yield


class Chain:
    """Runs stages' programs in a folder, and keeps what they asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[Asked] = []

    def run(self, stage: str, job: str, settings: Mapping[str, Any], **paths: Any) -> None:
        """One job: `paths` are the program's options, below the folder."""
        options: list[Any] = []
        for name, given in paths.items():
            names = given if isinstance(given, list) else [given]
            options += [f"--{name}", *(self.folder / each for each in names)]
        with noted(f"{stage} {job}", self.asked):
            call(stage, "--settings", json.dumps(settings), *options)


def run(folder: Path) -> Chain:
    """All stages that measure something, from the data on."""
    chain = Chain(folder)
    chain.run("data", "", DATA, output="data.h5")
    chain.run(
        "training", "", TRAINING, data="data.h5", checkpoints="weights", output="training.csv"
    )
    inputs = {"data": "data.h5", "checkpoints": "weights"}
    chain.run("gradients", "", MEASURED, **inputs, output="gradients.zarr")
    inputs["gradients"] = "gradients.zarr"
    chain.run("moments", "", MEASURED, **inputs, output="moments.zarr")
    for repeat in REPEATS:
        settings = MEASURED | DRAWN | {"repeat": repeat}
        chain.run("noise", f"{repeat}", settings, **inputs, output=f"repeat-{repeat}.zarr")
    noise = [f"repeat-{repeat}.zarr" for repeat in REPEATS]
    for layer in LAYERS:
        tested = f"{AT}/gaussianity/{layer}.h5"
        chain.run("gaussianity", layer, {"batches": TESTED}, noise=noise, output=tested)
        stored = {"gradients": "gradients.zarr"}
        moments = {"gaussianity": tested, "moments": "moments.zarr"}
        chain.run("clt", layer, CLT, **stored, **moments, output=f"{AT}/clt/{layer}.h5")
        tails = {"data": "data.h5", "noise": noise, "output": f"{AT}/tails/{layer}.h5"}
        chain.run("tails", layer, TAILS, **stored, **tails)
    judged = {"results": ".", "noise": noise, "output": f"{AT}/rejection.h5"}
    chain.run("rejection", "", REJECTION, **stored, **judged)
    inputs.pop("gradients")
    chain.run("trajectory", "", TRAJECTORY, **inputs, output="trajectory.zarr")
    for subspace in ("model", "linear2.weight"):
        settings = LANGEVIN | {"subspace": subspace}
        output = f"langevin/{subspace}.h5"
        chain.run("langevin", subspace, settings, trajectory="trajectory.zarr", output=output)
    chain.run("calibration", "", CALIBRATION, output="calibration.csv")
    chain.run("balance", "", BALANCE, output="balance/laws")
    return chain
