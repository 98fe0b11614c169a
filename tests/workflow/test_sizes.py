"""What jobs need grows with what they do, and with nothing else."""

from importlib import import_module
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sizes
from configuration import Sections
from example_config import DEFAULT, edited, job, overlay
from experiment import Experiment, merged
from registries import constant
from run import Job, Run
from sections import check
from stages import clt, gaussianity, gradients, moments, noise, tails

# Samples a second, forward and backward, one core of this project's machine: ResNets are far slower than their weights say.
MEASURED = {"cnn": 19_600, "alexnet": 1_390, "alexnet_three_linear": 461, "resnet20": 460}
MEASURED |= {"resnet56": 160}


def run_of(**sections: dict[str, Any]) -> Run:
    """A run of the default config with changes."""
    config = merged(DEFAULT, sections)
    return Run(
        "a", check(Sections, {k: config[k] for k in Sections.model_fields}, ""), "a", [1], "a"
    )


def test_inputs_are_counted_as_float32() -> None:
    assert sizes.data_memory(job().run) == sizes.mebibytes(10_000 * 28 * 28 * 4)


def test_tokens_are_counted_as_int64(tmp_path: Path) -> None:
    inputs, targets = np.zeros((4096, 300), np.int16), np.arange(4096) % 2
    np.savez(tmp_path / "x.npz", inputs=inputs, targets=targets)
    data = {"path": str(tmp_path / "x.npz"), "test_fraction": 0.5, "inputs": "tokens"}
    run = run_of(data={"dataset": "arrays", **data})
    assert sizes.data_memory(run) == sizes.mebibytes(2048 * 300 * 8)


def test_a_subset_of_an_image_folder_is_known_before_the_images_are(tmp_path: Path) -> None:
    folder = {"dataset": "image_folder", "path": str(tmp_path)}
    assert run_of(data={**folder, "subset": 500}).samples == 500
    assert run_of(data=folder).samples == 50_000


@pytest.mark.parametrize(
    ("strategy", "memory", "asked"),
    [
        ("per_sample", 1.0, (1, 0, 0)),
        ("auto", 1.0, (1, 0, 0)),
        ("auto", 0.001, (0, 1, 1)),  # gradients of all samples do not go through a MiB
        ("per_batch", 1.0, (0, 1, 1)),
    ],
)
def test_a_gpu_is_asked_for_only_where_gradients_are_computed(
    strategy: str, memory: float, asked: tuple[int, int, int]
) -> None:
    run = run_of(noise={"strategy": strategy, "memory": memory})
    found = tuple(stage.resources(Job(run)).gpu for stage in (gradients, noise, moments))
    assert found == asked
    without = run_of(noise={"strategy": strategy}, training={"device": "cpu"})
    assert not any(stage.resources(Job(without)).gpu for stage in (gradients, noise, moments))


def test_minutes_grow_in_proportion_to_the_passes() -> None:
    run = job(config=edited("training.device", "cpu")).run
    short, long = (sizes.minutes(run, passes) - sizes.LEAST for passes in (1e8, 1e9))
    assert short > 100
    assert abs(long - 10 * short) <= 10


@pytest.mark.parametrize("name", MEASURED)
def test_rates_by_kind_of_layer_are_those_measured_within_a_factor_of_two(name: str) -> None:
    data = {} if name == "cnn" else {"dataset": "cifar10", "path": "data/cifar10", "download": True}
    ratio = sizes.seconds(run_of(model={"name": name}, data=data)) * MEASURED[name]
    assert 0.7 < ratio < 2


def test_memory_for_buffers_is_asked_for_as_far_as_it_is_used() -> None:
    small, roomy = (
        run_of(noise={"strategy": "per_sample", "memory": memory}) for memory in (1.0, 64.0)
    )
    for stage in (gradients, noise, moments):
        assert stage.resources(Job(roomy)).memory <= 1.1 * stage.resources(Job(small)).memory


def test_memory_of_tails_grows_with_the_batches() -> None:
    few, many = (run_of(noise={"batches": n, "coordinates": "all"}) for n in (600, 2400))
    grown = tails.resources(Job(many)).memory - tails.resources(Job(few)).memory
    assert grown > sizes.block_memory(few)


def test_large_layers_get_more_threads_and_memory() -> None:
    small, config = job().run, edited("noise.coordinates", "all")
    config["noise"]["directions"] = 10_000_000
    large = job(config=config).run
    assert (sizes.statistics_threads(small), sizes.statistics_threads(large)) == (1, 4)
    assert sizes.statistics_memory(large) > sizes.statistics_memory(small)


def test_work_of_layers_adds_up_and_is_allowed_for_twice() -> None:
    assert sizes.statistics_minutes([100.0, 49.0]) == 5 + 4
    assert sizes.statistics_minutes(iter([100.0, 50.0]), 11) == 11 + 5


def test_a_layers_work_by_hand() -> None:
    run = job("a", CONFIG).run
    layers = {each.name: each for each in run.measured}
    first, large = layers["conv1.weight"], layers["linear1.weight"]
    assert gaussianity.seconds(run, first) == pytest.approx(1144 * 18 * 4e-6)
    few = job("a", {**CONFIG, "noise": {**CONFIG["noise"], "strategy": "per_batch"}}).run
    assert clt.seconds(run, first) == pytest.approx(10_000 * (1.2e-7 * 144 + 5e-8 * 144 * 2))
    assert clt.seconds(run, large) == pytest.approx(10_000 * (1.2e-7 * 7000 + 5e-8 * 5000 * 2))
    series = 20e-6 + 504e-6 * 2000 / 600
    assert tails.seconds(run, first) == pytest.approx(1.3 + 1144 * 6 * series)
    # Where no sample's gradient is stored there is nothing to predict from, and no sample to look at.
    assert clt.seconds(few, large) < 1
    assert tails.seconds(few, large) == pytest.approx(8000 * 6 * series)


@pytest.mark.parametrize("name", ["alexnet", "resnet20", "resnet56"])
def test_no_node_decides_how_the_papers_experiments_are_measured(name: str) -> None:
    runs = Experiment(merged(DEFAULT, overlay(name))).runs.values()
    assert all(run.sections.noise.strategy != "auto" for run in runs)


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
    layers = "conv2.weight", "conv3.weight", "linear1.weight"
    one = job("a", CONFIG, layers=layers, parameter="conv1.weight", variant="plain")
    weights, images = 47_376 + 16 + 32 + 32 + 64 + 10, 10_000
    assert (one.run.weights, one.run.samples, one.run.largest) == (weights, images, 8000)
    mebi, data = 2**20, ceil(4 * images * 784 / 2**20)
    given = 16 * 14**2 + 32 * 7**2 + 32 * 4**2 + 64 + 10  # by every layer
    convolutions = 16 * 9 * 14**2 + 32 * 16 * 9 * 7**2 + 32 * 32 * 9 * 4**2
    a_pass = convolutions / 20e9 + (512 * 64 + 640) / 10e9 + 4e-9 * given

    def minutes(passes: float) -> int:
        return 10 + int(2 * passes * a_pass / 5 / 60)

    def network(batch: int, copies: int) -> int:
        return 1400 + 2 * data + ceil((4 * copies * weights + 16 * batch * given) / mebi)

    kept = 144 + 4608 + 7000 + 7000 + 640 + 5 * 1000
    # Three shards of even length, in whole passes of 128.
    shard = ceil(4 * 27 * 128 * kept / mebi)
    tests, block = 2 * 3 * 3, 4  # MiB at most, of the 61 of all batches
    statistics = 650 + 3 * block + ceil(64 * 8000 * tests / mebi)
    declared = sum(constant(f"{tails.ESTIMATORS}.{name}", "SECONDS") for name in ("ecf", "ml"))
    # Three layers, of which one has 4608 coordinates and two have 7000; 5000 of these, or all, have exact distances.
    values, exact = 4608 + 2 * 7000, 4608 + 2 * 5000
    estimated = (values + 3 * 1000) * 2 * 3 * (20e-6 + declared * 2000 / 600) + 3 * 1.3e-4 * images
    predicted = images * (1.2e-7 * values + 5e-8 * exact * 2)
    noisy = 3 * 2**26 + 2 * 2000 * 300  # in blocks of 64 MiB, of the layer's 549
    summed = 4 * 2**24 + 64 * 8000
    tailed = 24 * 8000 * 2 * 3 * 2 + 24 * 2000**2 + 512 * images + 2048 * 2000
    columns = 16 * 128 * images + (4 * 5000 + 512) * images
    vectors = 4 * 6 + 2 * 13 + 2 * 7 + 8
    passes = 12_000 * 6 * 20 + 3 * 900 * 6 * (10 * 7 + 11 * 13)
    expected = {
        "training": (network(40, 12), minutes(images * 60 * 1.5), 5),
        "gradients": (network(128, 4) + 3 * shard, minutes(4 * images), 5),
        "moments": (650 + ceil(summed / mebi), 10 + int(10 * images * kept / 1e9 / 60), 5),
        "noise": (650 + ceil(noisy / mebi) + 40, 10 + int(2 * 2000 * 300 * kept / 1e9 / 5 / 60), 5),
        "gaussianity": (statistics, 5 + int(2 * (values + 3000) * tests * 4e-6 / 60), 1),
        "clt": (statistics + ceil(columns / mebi), 10 + int(2 * predicted / 60), 1),
        "tails": (650 + 7 * block + ceil(tailed / mebi) + 64, 10 + int(2 * estimated / 60), 1),
        "trajectory": (network(3 * 128, vectors), minutes(passes), 5),
        "langevin": (650 + ceil(9000 * 6 * 13 * 8 * 12 / mebi), 20, 1),
    }
    for stage, (memory, time, threads) in expected.items():
        found = import_module(f"stages.{stage}").resources(one)
        assert found[:3] == (memory, time, threads), stage
        assert found.gpu == 0, stage


@pytest.mark.parametrize(("device", "gpus"), [("auto", 1), ("cuda", 1), ("cpu", 0), ("mps", 0)])
def test_training_and_trajectories_ask_for_a_gpu_and_statistics_for_none(
    device: str, gpus: int
) -> None:
    config = {**CONFIG, "training": {**CONFIG["training"], "device": device}}
    one = job("a", config, parameter="conv1.weight", variant="plain")
    for stage in ("training", "trajectory"):
        assert import_module(f"stages.{stage}").resources(one).gpu == gpus
    for stage in ("gaussianity", "clt", "tails", "langevin"):
        assert import_module(f"stages.{stage}").resources(one).gpu == 0


def test_batches_with_their_own_statistics_share_no_pass() -> None:
    config = {**CONFIG, "noise": {**CONFIG["noise"], "batch_norm_mode": "train"}}
    one = job("a", config)
    passes = 2000 * 400 + 10_000
    assert import_module("stages.noise").resources(one).minutes == sizes.minutes(one.run, passes)
