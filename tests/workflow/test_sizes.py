"""What jobs need grows with what they do."""

from pathlib import Path

import numpy as np

import sizes
from configuration import Sections
from example_config import edited, job
from run import Run
from sections import check


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
