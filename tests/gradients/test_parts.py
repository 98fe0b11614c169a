"""Several jobs write the store of per-sample gradients that one would have written."""

from pathlib import Path
from typing import Any

import pytest

import example_gradients
from example_gradients import SETTINGS, checkpoint, dataset, publish
from gradnoise.gradients import recording, store
from gradnoise.gradients.recording import join_gradients, record_gradients
from gradnoise.gradients.settings import Settings
from gradnoise.gradients.verification.problem import DependentError
from gradnoise.store import parts
from gradnoise.store.work_area import WorkArea


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def in_parts(
    folder: Path, settings: dict[str, Any], of: int
) -> tuple[Path, list[dict[str, bytes]]]:
    folder.mkdir()
    data, paths = dataset(), []
    for number in range(1, of + 1):
        paths.append(folder / f"{number}-of-{of}")
        given = settings | {"part": [number, of]}
        with WorkArea(paths[-1], given, {parts.NAME: paths[-1]}) as work:
            record_gradients(work, checkpoint(folder, settings, data), Settings(**given), data)
            work.publish()
    whole = folder / "gradients.zarr"
    # The manifest of one job's store: a part of its checksums.
    with WorkArea(whole, settings, {store.NAME: whole}) as work:
        join_gradients(work, paths)
        work.publish()
    return whole, [files(path) for path in paths]


@pytest.mark.parametrize("of", [3, 16])
def test_parts_have_samples_of_their_own_and_make_the_same_files(tmp_path: Path, of: int) -> None:
    publish(tmp_path, SETTINGS)
    alone = files(tmp_path / "gradients.zarr")
    whole, written = in_parts(tmp_path / "parts", SETTINGS, of)
    assert files(whole) == alone
    shards = [{name for name in each if "/gradient/c/" in name} for each in written]
    assert sum(map(len, shards)) == len(set.union(*shards))
    # Thirteen shards of samples in each of four parameters.
    assert sorted(map(len, shards)) == ([16, 16, 20] if of == 3 else [0, 0, 0, *[4] * 13])


def test_where_a_part_finds_no_gradients_of_samples_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in one job, that sees it in its first such chunk, after others were written."""
    streamed = recording.streamed_gradients

    def dependent(model: Any, loss: Any, inputs: Any, *given: Any) -> Any:
        for first, last, rows in streamed(model, loss, inputs, *given):
            if first >= 300:
                raise DependentError(f"seen from sample {first} on")
            yield first, last, rows

    monkeypatch.setattr(recording, "streamed_gradients", dependent)
    publish(tmp_path, SETTINGS)
    whole, written = in_parts(tmp_path / "parts", SETTINGS, 3)
    assert any("/c/" in name for name in written[0])
    assert files(whole) == files(tmp_path / "gradients.zarr")
    assert example_gradients.open_store(whole).attrs["strategy"] == "per_batch"
