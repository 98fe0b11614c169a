"""A layer with more coordinates than one block of memory holds, from its noise to what is said of it."""

import json
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch.nn.functional as F

from gradnoise.gaussianity import __main__ as gaussianity
from gradnoise.noise import sample_noise
from gradnoise.noise.store import open_parameter
from toy_network import images, network


def numbers(path: Path) -> dict[str, np.ndarray]:
    """Every array of a file, by its place."""
    found: dict[str, np.ndarray] = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda place, each: (
                found.update({place: each[...]}) if isinstance(each, h5py.Dataset) else None
            )
        )
    return found


def test_blocks_and_partial_last_shards_change_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradnoise.noise.store.CHUNK", 1)
    for name, memory in (("whole", 1 << 30), ("blocks", 7600)):
        sample_noise(
            *(network(), F.cross_entropy, *images(), [4, 8], 11, 3),
            store=tmp_path / f"{name}.zarr",
            memory=memory,
            strategy="per_sample",
            directions=6,
        )
    stored = open_parameter(tmp_path / "blocks.zarr", "3.weight").noise
    assert stored.shape[-1] % stored.shards[-1] <= stored.chunks[-1] < stored.shards[-1]
    settings = json.dumps({"batches": [5, 11]})
    for name in ("whole", "blocks"):
        files = str(tmp_path / f"{name}.zarr"), str(tmp_path / name / "3.weight.h5")
        arguments = ["--settings", settings, "--noise", files[0], "--output", files[1]]
        monkeypatch.setattr(sys, "argv", ["gaussianity", *arguments])
        gaussianity.main()
    whole, blocks = (numbers(tmp_path / name / "3.weight.h5") for name in ("whole", "blocks"))
    assert len(whole["coordinates/index"]) == 81
    assert whole.keys() == blocks.keys()
    for place, values in whole.items():
        assert values.tobytes() == blocks[place].tobytes(), place
