"""Which of the two ways to mini-batch gradients is taken, and why."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from gradnoise.errors import InputError
from gradnoise.gradients import strategy
from gradnoise.gradients.strategy import choose_strategy, free_disk, machine_memory

GIGABYTE = 10**9  # what 25,000 numbers of each of 10,000 samples take


def choose(
    asked: str = "auto",
    obstacle: str | None = None,
    memory: int = GIGABYTE,
    limit: int = GIGABYTE,
    drawn: int | None = None,
) -> tuple[str, str]:
    return choose_strategy(asked, obstacle, 10_000, 25_000, memory, {"the disk": limit}, drawn)


def test_per_sample_gradients_are_taken_where_there_is_room() -> None:
    assert choose()[0] == "per_sample"
    assert choose(limit=GIGABYTE - 1) == (
        "per_batch",
        "per-sample gradients would take 1.00 GB, more than the disk",
    )


def test_buffers_must_fit_into_the_memory() -> None:
    assert choose(memory=4 * 32 * 10_000)[0] == "per_sample"
    assert choose(memory=4 * 32 * 10_000 - 1)[0] == "per_batch"


def test_few_draws_are_cheaper_as_mini_batches() -> None:
    assert choose(drawn=30_000)[0] == "per_sample"
    assert choose(drawn=29_999)[0] == "per_batch"


def test_an_obstacle_is_the_reason() -> None:
    assert choose(obstacle="norm1 mixes") == ("per_batch", "norm1 mixes")
    with pytest.raises(InputError, match=r"auto or per_batch is needed: norm1 mixes"):
        choose("per_sample", obstacle="norm1 mixes")


def test_what_is_asked_for_is_done() -> None:
    assert choose("per_batch")[0] == "per_batch"
    assert choose("per_sample", limit=1, memory=1, drawn=1)[0] == "per_sample"
    with pytest.raises(InputError, match="found 'per_smaple'; accepted: auto"):
        choose("per_smaple")


def test_the_machine_has_memory() -> None:
    assert machine_memory() > 2**28


def test_what_a_store_already_takes_counts_as_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strategy.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    assert free_disk(tmp_path) == 1000
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "chunk").write_bytes(bytes(7))
    assert free_disk(tmp_path) == 1007
