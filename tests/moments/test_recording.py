"""The moments stage: from stored gradients, streamed, or none and why."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import example_gradients
from example_moments import assert_close, by_definition
from gradnoise.moments import recording
from gradnoise.moments.central_powers import Moments
from gradnoise.moments.settings import Settings
from gradnoise.store.arrays import open_store
from gradnoise.store.work_area import WorkArea


def record(folder: Path, changes: dict[str, Any]) -> zarr.Group:
    """The stage after the `gradients` stage of its test."""
    settings = example_gradients.SETTINGS | changes
    example_gradients.publish(folder, settings)
    with WorkArea(
        folder / "moments.zarr", settings, {recording.NAME: folder / "moments.zarr"}, kept=False
    ) as work:
        inputs = folder / "data.h5", folder, folder / "gradients.zarr"
        recording.record_moments(work, Settings(**settings), *inputs)
        work.publish()
    return open_store(folder / "moments.zarr")


def test_stored_and_streamed_moments_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradnoise.data.dataset.load", lambda path: example_gradients.dataset())
    stores = {}
    for strategy in ("per_sample", "per_batch"):
        folder = tmp_path / strategy
        folder.mkdir()
        stores[strategy] = record(folder, {"strategy": strategy})
    stored, streamed = stores["per_sample"], stores["per_batch"]
    assert stored.attrs["strategy"] == "per_sample"
    assert streamed.attrs["strategy"] == "streamed"
    gradients = open_store(tmp_path / "per_sample" / "gradients.zarr")
    for name, group in gradients.groups():
        expected = by_definition(group["gradient"][:])
        for store in stores.values():
            assert store.attrs["sample_count"] == example_gradients.SAMPLES
            assert dict(store[name].attrs) == dict(group.attrs)
            np.testing.assert_array_equal(store[name]["coordinate"][:], group["coordinate"][:])
            found = Moments(*(store[name][field][:] for field in Moments._fields))
            assert_close(found, expected, 1e-12 if store is stored else 1e-5)
            assert store[name]["fourth"].attrs["units"].endswith("^4")


def test_where_there_are_none_the_store_says_why(tmp_path: Path) -> None:
    store = record(tmp_path, {"augment": True})
    assert store.attrs["strategy"] == "none"
    assert "crop and flip" in str(store.attrs["reason"])
    assert not list(store.groups())


def test_where_samples_depend_on_each_other_nothing_is_streamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradnoise.data.dataset.load", lambda path: example_gradients.dataset())
    for module in ("verification.dependence", "recording"):
        monkeypatch.setattr(
            f"gradnoise.gradients.{module}.sample_dependence", lambda *_: "they look at each other"
        )
    monkeypatch.setattr(
        "gradnoise.moments.streaming.streamed_moments", lambda *_: pytest.fail("streamed")
    )
    store = record(tmp_path, {"strategy": "per_batch"})
    assert (store.attrs["strategy"], store.attrs["reason"]) == ("none", "they look at each other")
    assert not list(store.groups())


def test_stored_gradients_need_no_torch(tmp_path: Path) -> None:
    example_gradients.publish(tmp_path, example_gradients.SETTINGS)
    (tmp_path / "data.h5").write_bytes(b"\x89HDF\r\n\x1a\n")  # named, and not read
    program = (
        "import sys; from gradnoise import stage; from gradnoise.moments.__main__ import main; stage.run(main);"
        "assert not {'torch', 'pandas', 'scipy.stats'} & set(sys.modules)"
    )
    paths = {
        "data": tmp_path / "data.h5",
        "checkpoints": tmp_path,
        "gradients": tmp_path / "gradients.zarr",
        "output": tmp_path / "moments.zarr",
    }
    options = [part for name, path in paths.items() for part in (f"--{name}", str(path))]
    settings = json.dumps(example_gradients.SETTINGS)
    subprocess.run([sys.executable, "-c", program, "--settings", settings, *options], check=True)
    store = open_store(tmp_path / "moments.zarr")
    assert len(list(store.groups())) == 4
    assert store["linear1.weight"]["variance"][:].all()


def test_dependence_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradnoise.data.dataset.load", lambda path: example_gradients.dataset())
    asked: list[int] = []

    def dependence(model: Any, loss: Any, inputs: Any, targets: Any) -> None:
        asked.append(len(inputs))

    settings = example_gradients.SETTINGS | {"strategy": "per_batch"}
    example_gradients.publish(tmp_path, settings)
    for module in ("verification.dependence", "recording"):
        monkeypatch.setattr(f"gradnoise.gradients.{module}.sample_dependence", dependence)
    with WorkArea(tmp_path / "moments.zarr", settings, {}, kept=False) as work:
        inputs = tmp_path / "data.h5", tmp_path, tmp_path / "gradients.zarr"
        recording.record_moments(work, Settings(**settings), *inputs)
    assert asked == [example_gradients.SAMPLES]


def test_blocks_of_columns_change_no_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    gradients = (random.gamma(0.7, size=(90, 33)) * np.arange(1, 34)).astype(np.float32)
    stored = zarr.create_array({}, data=gradients, chunks=(20, 7), shards=(40, 35))
    mean = gradients.mean(axis=0, dtype=np.float64)
    whole = recording.stored_moments(stored, mean, 1)
    monkeypatch.setattr(recording, "READ_BYTES", 4 * 40 * 14)  # two chunks wide
    blocks = recording.stored_moments(stored, mean, 1)
    assert_close(whole, by_definition(gradients), 1e-12)
    for one, other in zip(whole, blocks, strict=True):
        np.testing.assert_array_equal(one, other)
