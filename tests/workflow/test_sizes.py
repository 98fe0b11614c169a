"""What jobs need grows with what they do."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import sizes
from configuration import Sections
from example_config import edited, job
from registries import constant
from run import Run
from sections import check
from stages import tails


def test_inputs_are_counted_as_float32() -> None:
    assert sizes.data_memory(job().run) == 10_000 * 28 * 28 * 4 // 2**20


def test_tokens_are_counted_as_int64(tmp_path: Path) -> None:
    inputs, targets = np.zeros((4096, 300), np.int16), np.arange(4096) % 2
    np.savez(tmp_path / "x.npz", inputs=inputs, targets=targets)
    config = edited("data.dataset", "arrays")
    config["data"] |= {"path": str(tmp_path / "x.npz"), "test_fraction": 0.5, "inputs": "tokens"}
    run = Run(
        "a", check(Sections, {k: config[k] for k in Sections.model_fields}, ""), "a", [1], "a"
    )
    assert sizes.data_memory(run) == 2048 * 300 * 8 // 2**20


def test_a_gpu_is_not_asked_for_where_batches_are_drawn_from_stored_gradients() -> None:
    assert sizes.sampling_gpu(job().run) == 1
    assert sizes.sampling_gpu(job(config=edited("noise.strategy", "per_sample")).run) == 0


def test_minutes_grow_in_proportion_to_the_passes() -> None:
    run = job(config=edited("training.device", "cpu")).run
    short, long = (sizes.minutes(run, passes) - 10 for passes in (1e7, 1e8))
    assert short > 10
    assert abs(long - 10 * short) <= 10


def test_large_layers_get_more_threads_and_memory() -> None:
    small, config = job().run, edited("noise.coordinates", "all")
    config["noise"]["directions"] = 10_000_000
    large = job(config=config).run
    assert (sizes.statistics_threads(small), sizes.statistics_threads(large)) == (1, 4)
    assert sizes.statistics_memory(large) > sizes.statistics_memory(small)
    assert sizes.statistics_minutes(large) > sizes.statistics_minutes(small)


# A run of which every number is another one: 40 images of 28 x 28 to a batch, 3 repeats, 2 sizes, 3 counts.
CONFIG = edited("training.device", "cpu")
CONFIG["runs"], CONFIG["run_definitions"] = ["a"], {"a": None}
CONFIG["training"] |= {"torch_threads": 5, "epochs": 60, "batch_size": 40, "checkpoints": [60]}
CONFIG["noise"] |= {
    **{"batch_sizes": [100, 300], "batches": 2000, "repeats": 3, "coordinates": 7000},
    **{"directions": 1000, "memory": 3.5, "checkpoints": [60]},
}
CONFIG["gaussianity"]["batches"] = [200, 600, 900]
CONFIG["clt"]["exact_coordinates"] = 5000
CONFIG["tails"]["methods"] = ["ecf", "ml"]
CONFIG["trajectory"] |= {
    **{"variants": ["plain"], "burn_in": 3000, "steps": 9000, "replicas": 6, "batch_size": 20},
    **{"eigenvectors": 7, "random_directions": 2, "coordinates": 4, "snapshots": 11},
    **{"curvature_samples": 900, "layers": True},
}


def test_what_every_job_asks_for_by_hand() -> None:
    one = job("a", CONFIG, parameter="conv1.weight", variant="plain")
    weights, images = 47_376 + 16 + 32 + 32 + 64 + 10, 10_000
    assert (one.run.weights, one.run.samples, one.run.largest) == (weights, images, 8000)
    data = 4 * images * 784 // 2**20
    # A pass costs what 100,000 weights do at least, at 1,000 a second for a million; twice as much is asked for.
    per_minute = 1000 / 2 * 60 / 0.1

    def minutes(passes: float) -> int:
        return 10 + int(passes / per_minute + 1e-9)

    tests = 2 * 3 * 3
    statistics = 1000 + 8000 * tests * 64 // 2**20, 5 + int(8000 * tests * 20e-6 / 60)
    sampling = 2500 + 2 * data + 7 * 1024
    declared = sum(constant(f"{tails.ESTIMATORS}.{name}", "SECONDS") for name in ("ecf", "ml"))
    estimated = 8000 * 2 * 3 * (20e-6 + declared * 2000 / 600)
    vectors = 4 * 6 + 2 * 13 + 2 * 7 + 8
    passes = 12_000 * 6 * 20 + 3 * 900 * 6 * (10 * 7 + 11 * 13)
    expected = {
        "training": (2500 + 2 * data + 12 * weights * 4 // 2**20, minutes(images * 60 * 1.5), 5),
        "gradients": (sampling, minutes(10 * images), 5),
        "moments": (sampling, minutes(10 * images), 5),
        "noise": (sampling, minutes(2000 * 300 + images), 5),
        "gaussianity": (*statistics, 1),
        "clt": (
            2000 + statistics[0] + images * 512 // 2**20,
            2 * statistics[1] + int(5000 * 2 * images * 1e-6 / 60),
            1,
        ),
        "tails": (statistics[0], 10 + int(2 * estimated / 60), 1),
        "trajectory": (2500 + 2 * data + vectors * weights * 4 // 2**20, minutes(passes), 5),
        "langevin": (1000 + 9000 * 6 * 13 * 8 * 12 // 2**20, 20, 1),
    }
    for stage, (memory, time, threads) in expected.items():
        found = import_module(f"stages.{stage}").resources(one)
        assert found[:3] == (memory, time, threads), stage
        assert found.gpu == 0, stage


@pytest.mark.parametrize(("device", "gpus"), [("auto", 1), ("cuda", 1), ("cpu", 0), ("mps", 0)])
def test_gradients_ask_for_a_gpu_and_statistics_for_none(device: str, gpus: int) -> None:
    config = {**CONFIG, "training": {**CONFIG["training"], "device": device}}
    one = job("a", config, parameter="conv1.weight", variant="plain")
    asked = {
        stage: import_module(f"stages.{stage}").resources(one).gpu
        for stage in ("training", "gradients", "moments", "noise", "trajectory", "gaussianity", "clt", "tails", "langevin")
    }  # fmt: skip
    some = {"training", "gradients", "moments", "noise", "trajectory"}
    assert {stage for stage, count in asked.items() if count} == (some if gpus else set())
    stored = {**config, "noise": {**CONFIG["noise"], "strategy": "per_sample"}}
    one = job("a", stored, parameter="conv1.weight")
    assert import_module("stages.gradients").resources(one).gpu == gpus
    assert import_module("stages.noise").resources(one).gpu == 0


def test_batches_with_their_own_statistics_share_no_pass() -> None:
    config = {**CONFIG, "noise": {**CONFIG["noise"], "batch_norm_mode": "train"}}
    found = import_module("stages.noise").resources(job("a", config))
    assert found.minutes == 10 + int((2000 * 400 + 10_000) / 300_000)
