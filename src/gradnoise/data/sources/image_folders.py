"""Image collections: a folder, or a tar of one, laid out as `train/<class>/<image>`."""

import logging
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.samples import Samples, Source
from gradnoise.data.settings import Settings
from gradnoise.data.sources.members import Member, members
from gradnoise.errors import InputError

log = logging.getLogger(__name__)


LAYOUT = "train/<class>/<image> and optionally test/<class>/<image>"


SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


FORMATS = ("JPEG", "PNG", "BMP", "WEBP")


SPLITS = ("train", "test")


# Images to other readers: not to be left out in silence.
OTHER_SUFFIXES = (".tif", ".tiff", ".gif", ".ppm", ".pgm", ".heic", ".avif", ".jp2")


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
    links: dict[PurePosixPath, PurePosixPath] = {}
    classes: set[str] = set()
    above: dict[str, PurePosixPath] = {}
    ignored = 0
    for member in members(path):
        place = _place(path, member)
        if place is None:
            ignored += member.file is not None
            continue
        split, name = place
        classes.add(name)
        if member.file is not None or member.target is not None:
            _require_one_collection(path, split, member.name, above)
        if member.target is not None:
            links[member.name] = member.target
        if member.file is None:
            continue
        links.pop(member.name, None)  # a later member of a tar stands for an earlier one
        image = _decode(f"{path}: {member.name}", member.file, image_size)
        _require_size(path, member.name, image, images)
        images[split, name, str(member.name)] = image
    _follow(path, links, images)
    if not any(split == "train" for split, _, _ in images):
        raise InputError(
            f"{path}: found no training image; expected {LAYOUT}, ending in {', '.join(SUFFIXES)}"
        )
    if ignored:
        log.warning("%s: ignored %d files that are no images", path, ignored)
    return _collect(path, images, tuple(sorted(classes)))


def _require_size(
    path: Path, name: PurePosixPath, image: NDArray[np.uint8], images: dict[Key, NDArray[np.uint8]]
) -> None:
    for (_, _, first), like in images.items():
        if image.shape[1:] != like.shape[1:]:
            raise InputError(
                f"{path}: {name}: found {_size(image.shape[1:])} pixels; expected "
                f"{_size(like.shape[1:])}, like {first} (or set image_size)"
            )
        return


def _require_one_collection(
    path: Path, split: str, name: PurePosixPath, above: dict[str, PurePosixPath]
) -> None:
    """A backup beside the collection would enter every sample twice."""
    parent = name.parents[2]
    if above.setdefault(split, parent) != parent:
        raise InputError(
            f"{path}: found the folder {split} both in {above[split]} and in {parent}; expected one collection"
        )


def _follow(
    path: Path, links: dict[PurePosixPath, PurePosixPath], images: dict[Key, NDArray[np.uint8]]
) -> None:
    """Enter every link of a tar as the image that it points to, through other links."""
    read = {PurePosixPath(name) for _, _, name in images} if links else set()
    for link in links:
        target, passed = links[link], {link}
        while target in links and target not in passed:
            passed.add(target)
            target = links[target]
        if target not in read:
            raise InputError(
                f"{path}: {link}: found a link to {links[link]}, which is no image of the archive; expected "
                "images: pack with tar --dereference --hard-dereference"
            )
        image = images[target.parts[-3], target.parts[-2], str(target)]
        images[link.parts[-3], link.parts[-2], str(link)] = image


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


def _place(path: Path, found: Member) -> tuple[str, str] | None:
    """Split and class of an image, of a link to one or of a class folder; None for what is none of them.

    Parents of the split folder do not matter: most tars have a top folder of their own.
    """
    member, link = found.name, found.target is not None
    parts = member.parts
    if found.file is None and not link:
        return (parts[-2], parts[-1]) if len(parts) >= 2 and parts[-2] in SPLITS else None
    suffix = member.suffix.lower()
    if link and not suffix and any(part in SPLITS for part in parts[-2:]):
        raise InputError(
            f"{path}: {member}: found a link to a folder; expected the folder itself: pack with tar --dereference"
        )
    if suffix in OTHER_SUFFIXES:
        raise InputError(
            f"{path}: {member}: found an image of kind {suffix}; expected {', '.join(SUFFIXES)}: convert it "
            "or take it away"
        )
    if suffix not in SUFFIXES:
        return None
    if len(parts) < 3 or parts[-3] not in SPLITS:
        way_out = ""
        if not set(parts) & set(SPLITS):
            way_out = ": move the folders of the classes into one named train (without one named test, a share of "
            way_out += "the images is held out)"
        raise InputError(f"{path}: found the image {member}; expected {LAYOUT}{way_out}")
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


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"
