"""Image collections: a folder, or a tar of one, laid out as `train/<class>/<image>`."""

import bz2
import gzip
import io
import logging
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.samples import Samples, Source
from gradnoise.data.settings import Settings
from gradnoise.errors import InputError

log = logging.getLogger(__name__)


LAYOUT = "train/<class>/<image> and optionally test/<class>/<image>"


SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


FORMATS = ("JPEG", "PNG", "BMP", "WEBP")


SPLITS = ("train", "test")


OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}


DAMAGE = (tarfile.TarError, EOFError, OSError, lzma.LZMAError, zlib.error)


Key = tuple[str, str, str]  # split, class, file name


@dataclass(frozen=True)
class ImageFolder:
    """An image collection as a data set."""

    title: str = "a folder of images"

    def describe(self, settings: Settings) -> None:
        """Only reading every image tells."""

    def input_files(self, settings: Settings) -> list[Path]:
        """The folder or tar."""
        return [settings.place]

    def read(self, settings: Settings) -> Source:
        """As `read_images`."""
        return read_images(settings.place, settings.image_size)


def read_images(path: Path, image_size: int | None = None) -> Source:
    """Read every image of a folder or tar (plain, gz, bz2 or xz; never unpacked to disk).

    Images in one grey channel throughout give one channel, all others three. Classes are numbered in
    alphabetical order, samples ordered by class and file name, so a folder and its tar give the same data.

    Args:
        path: folder or tar.
        image_size: scale and crop (centred) every image to this height and width in pixels; None demands
            that all have one size.

    Raises:
        InputError: names the file: missing, cut short, not laid out as `LAYOUT`, no image, of another
            size than the first.
    """
    images: dict[Key, NDArray[np.uint8]] = {}
    classes: set[str] = set()
    first, ignored = "", 0
    for member, file in _members(path):
        split, name = _place(path, member, file is None)
        if split is None:
            ignored += file is not None
            continue
        classes.add(name)
        if file is None:
            continue
        image = _decode(f"{path}: {member}", file, image_size)
        if images:
            expected = next(iter(images.values())).shape[1:]
            if image.shape[1:] != expected:
                raise InputError(
                    f"{path}: {member}: found {_size(image.shape[1:])} pixels; expected "
                    f"{_size(expected)}, like {first} (or set image_size)"
                )
        first = first or str(member)
        images[split, name, str(member)] = image
    if not any(split == "train" for split, _, _ in images):
        raise InputError(
            f"{path}: found no training image; expected {LAYOUT}, ending in {', '.join(SUFFIXES)}"
        )
    if ignored:
        log.warning("%s: ignored %d files that are no images", path, ignored)
    return _collect(path, images, tuple(sorted(classes)))


def _collect(path: Path, images: dict[Key, NDArray[np.uint8]], classes: tuple[str, ...]) -> Source:
    """Stack the images, freeing each as it is copied; grey ones broadcast to three channels beside colour."""
    channels = max(len(image) for image in images.values())
    shape = (channels, *next(iter(images.values())).shape[1:])
    number = {name: label for label, name in enumerate(classes)}
    splits: list[Samples | None] = []
    for split in SPLITS:
        keys = sorted(key for key in images if key[0] == split)
        inputs = np.empty((len(keys), *shape), np.uint8)
        for row, key in enumerate(keys):
            inputs[row] = images.pop(key)
        targets = np.array([number[key[1]] for key in keys], np.int64)
        splits.append(Samples(inputs, targets) if keys else None)
    train, test = splits
    assert train is not None
    return Source(str(path), train, test, "classification", classes)


def _place(path: Path, member: PurePosixPath, folder: bool) -> tuple[str | None, str]:
    """Split and class of a file or class folder; split None for what is neither.

    Parents of the split folder do not matter: most tars have a top folder of their own.
    """
    parts = member.parts
    if any(part.startswith(("._", "__MACOSX")) for part in parts):
        return None, ""
    if folder:
        named = len(parts) >= 2 and parts[-2] in SPLITS
        return (parts[-2], parts[-1]) if named else (None, "")
    if member.suffix.lower() not in SUFFIXES:
        return None, ""
    if len(parts) < 3 or parts[-3] not in SPLITS:
        raise InputError(f"{path}: found the image {member}; expected {LAYOUT}")
    return parts[-3], parts[-2]


def _decode(where: str, file: IO[bytes], image_size: int | None) -> NDArray[np.uint8]:
    """One image as uint8 (channels, height, width), one channel if it is grey, else three."""
    from PIL import Image, ImageOps

    try:
        with Image.open(file, formats=FORMATS) as image:
            if image.mode.startswith(("I", "F")):
                raise InputError(
                    f"{where}: found pixel mode {image.mode}; expected 8 bits a channel"
                )
            mode = "L" if image.mode in ("1", "L", "LA") else "RGB"
            pixels = image if image.mode == mode else image.convert(mode)
            if image_size is not None:
                pixels = ImageOps.fit(pixels, (image_size, image_size))
            array = np.array(pixels)
    except InputError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{where}: expected an image, found {error}") from error
    # A contiguous copy, as a view would keep a second buffer alive for each image.
    return array[None] if mode == "L" else array.transpose(2, 0, 1).copy()


def _members(path: Path) -> Iterator[tuple[PurePosixPath, IO[bytes] | None]]:
    """Every file, open, and every folder (with None), named relative to the collection."""
    if path.is_dir():
        for entry in sorted(path.rglob("*")):
            name = PurePosixPath(entry.relative_to(path).as_posix())
            if entry.is_dir():
                yield name, None
            else:
                with entry.open("rb") as file:
                    yield name, file
    elif path.exists():
        yield from _tar_members(path)
    else:
        raise InputError(f"{path}: found nothing; expected a folder or tar with {LAYOUT}")


def _tar_members(path: Path) -> Iterator[tuple[PurePosixPath, IO[bytes] | None]]:
    with path.open("rb") as raw:
        start = raw.read(8)
    opener = next((opener for magic, opener in OPENERS.items() if start.startswith(magic)), open)
    count = 0
    try:
        with opener(path, "rb") as stream:
            for member in _untarred(stream):
                count += 1
                yield member
        if opener is open:
            _check_end(path)
    except InputError:
        raise
    except DAMAGE as error:
        raise InputError(
            f"{path}: found {error or type(error).__name__} after {count} members; expected a whole tar "
            "archive (plain, gz, bz2 or xz): is the file cut short or no tar?"
        ) from error


def _untarred(stream: IO[bytes]) -> Iterator[tuple[PurePosixPath, IO[bytes] | None]]:
    """Files and folders of a tar, read once from front to back."""
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        while (member := tar.next()) is not None:
            tar.members.clear()  # type: ignore[attr-defined]  # else tarfile keeps a record of every member
            if member.isdir():
                yield PurePosixPath(member.name), None
            elif member.isfile():
                file = tar.extractfile(member)
                assert file is not None
                # Read here, so that a damaged archive is not taken for a damaged image.
                yield PurePosixPath(member.name), io.BytesIO(file.read())
        # tarfile takes an end between two members for the archive's: read on to the stream's checksum.
        while stream.read(1 << 20):
            pass


def _check_end(path: Path) -> None:
    """An uncompressed tar has no checksum at its end, but a block of zeros."""
    with path.open("rb") as raw:
        raw.seek(-512, 2)
        if any(raw.read()):
            raise EOFError("no end-of-archive mark")


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"
