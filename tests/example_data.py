"""Small data sets on disk, and the settings that read them; all else is as in config.yaml."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import yaml
from PIL import Image

from gradnoise.data import catalogue, settings
from gradnoise.data.dataset import Dataset, load, write
from gradnoise.data.entry import Description
from gradnoise.data.samples import Samples, Source
from gradnoise.data.settings import Settings, Synthetic

DEFAULTS = yaml.safe_load(Path(__file__).parents[1].joinpath("config.yaml").read_text())["data"]
RANDOM = np.random.default_rng(0)


def synthetic(**changes: Any) -> Synthetic:
    return Synthetic(**{**DEFAULTS["synthetic"], **changes})


def settings_of(given: Mapping[str, Any]) -> Settings:
    drawn = {**DEFAULTS["synthetic"], **given.get("synthetic", {})}
    return settings.read({**DEFAULTS, **given, "synthetic": drawn})


def read(given: Mapping[str, Any]) -> Source:
    return catalogue.read(settings_of(given))


def describe(given: Mapping[str, Any]) -> Description | None:
    return catalogue.describe(settings_of(given))


def publish(given: Mapping[str, Any], path: Path) -> Dataset:
    write(path, read(given), settings_of(given).dataset)
    return load(path)


def images(count: int, classes: int = 3, shape: tuple[int, ...] = (1, 8, 8)) -> Samples:
    inputs = RANDOM.integers(0, 256, (count, *shape), dtype=np.uint8)
    return Samples(inputs, np.arange(count) % classes)


def save(path: Path, **arrays: np.ndarray) -> dict:
    """Save arrays as .npz or flat HDF5; the settings that read them."""
    if path.suffix == ".npz":
        np.savez_compressed(path, **arrays)
    else:
        with h5py.File(path, "w") as file:
            for name, values in arrays.items():
                file[name] = values
    return {"dataset": "arrays", "path": str(path)}


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def collection(grey: bool = False, size: tuple[int, int] = (8, 9)) -> dict[str, bytes]:
    """Files of a small image collection, two classes."""
    files = {"README.txt": b"not an image"}
    for split, count in (("train", 6), ("test", 2)):
        for name in ("cat", "dog"):
            for number in range(count):
                shape = size if grey else (*size, 3)
                pixels = RANDOM.integers(0, 256, shape, dtype=np.uint8)
                files[f"{split}/{name}/{number}.png"] = encoded(pixels)
    return files


def unpack(files: dict[str, bytes], folder: Path) -> dict:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return {"dataset": "image_folder", "path": str(folder)}


def pack(files: dict[str, bytes], path: Path, compression: str, top: str = "") -> dict:
    with tarfile.open(path, f"w:{compression}") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(top + name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return {"dataset": "image_folder", "path": str(path)}
