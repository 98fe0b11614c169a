"""The memory of sampling does not grow with what is sampled: not with coordinates, and hardly with draws."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import cut
from gradnoise.gradients.parameters import StoredParameter
from gradnoise.gradients.store import ParameterGradients
from gradnoise.noise import gather, recording
from gradnoise.store.work_area import WorkArea

SAMPLES = 2000


def peak(run: Callable[[], Any]) -> int:
    """Bytes that it holds at a time, at most."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def record(folder: Path, coordinates: int) -> None:
    folder.mkdir()
    # One column of zeros stands for all: what is stored takes no memory here.
    gradients = np.broadcast_to(np.zeros((SAMPLES, 1), np.float32), (SAMPLES, coordinates))
    parameter = StoredParameter(np.arange(coordinates), 0, {})
    none = np.empty((SAMPLES, 0), np.float32), np.zeros(coordinates), np.empty(0)
    given = ParameterGradients(parameter, gradients, none[0], *none[1:])
    draws = Draws(0, 0, "with_replacement", SAMPLES)
    with WorkArea(folder / "noise.zarr", {}, {}, kept=False) as work:
        recording.record_gathered(work, {"layer": given}, draws, [4, 16], 200, 1 << 30, {})


def test_noise_is_written_in_blocks_whatever_memory_there_is(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(recording, "BLOCK", 1 << 21)
    record(tmp_path / "first", 100)  # imports and kernels
    held = {count: peak(lambda: record(tmp_path / f"{count}", count)) for count in (2000, 16000)}  # noqa: B023
    whole = 4 * 2 * 200 * 16000
    assert held[2000] < whole / 10
    assert held[16000] < whole / 4


def test_of_a_million_draws_two_bytes_each_are_kept() -> None:
    draws, batches = Draws(0, 0, "with_replacement", SAMPLES), 2000
    pieces = cut(draws, [512, 1024], batches)
    gather.plan(draws, cut(draws, [2], 3))
    number = 1024 * batches
    assert peak(lambda: gather.plan(draws, pieces)) < 2 * number + 40 * gather.DRAWS
    assert 2 * number + 40 * gather.DRAWS < 24 * number
