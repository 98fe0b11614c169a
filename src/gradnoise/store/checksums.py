"""Checksums of what is published: written with it, verified by whoever reads it.

CRC-32C, as Zarr keeps of its chunks: 16 GB/s, and every single burst of up to 32 wrong bits is found. An HDF5
file carries its own in its user block, the part before its content that readers of the format pass over. A folder
(a store, tables, checkpoints) has a hidden list of its files; any other file has a hidden one beside it. A file of
which no checksum is known, a copy elsewhere for instance, is taken as it is.
"""

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path

import google_crc32c

from gradnoise.errors import InputError

LIST = ".checksums.json"  # of a folder
BESIDE = ".crc32c"  # suffix of a file's own
USER_BLOCK = 512  # bytes, the least that HDF5 accepts
# Larger files of a Zarr store are chunks of arrays, which it checksums and verifies itself: of these the list has sizes.
LARGEST = 1 << 20
STORE = "zarr.json"
_UNREAD = "-" * 8  # for a checksum that is not taken
_BLOCK = 1 << 20
_HDF5 = b"\x89HDF\r\n\x1a\n"


class DamagedError(InputError):
    """A published file is not what was written; the message says what to delete."""


def beside(path: Path) -> Path:
    """Where the checksum of a file lies that is neither HDF5 nor listed by its folder."""
    return path.with_name(f".{path.name}{BESIDE}")


def with_own(source: Path, target: Path) -> list[tuple[Path, Path]]:
    """A published file or folder, and the file beside it that has its checksum, if any: each with another place."""
    inside = source.suffix == ".h5" or source.is_dir()
    return [(source, target)] + ([] if inside else [(beside(source), beside(target))])


def checksum(path: Path, start: int = 0) -> str:
    """CRC-32C, eight hexadecimal digits, and number of bytes of a file from `start` on."""
    return _checksum(str(path), start, state_of(path))


def state_of(path: Path) -> tuple[int, ...]:
    """What changes with a file. A stage opens a file more than once; what has not changed since is not read again."""
    status = os.stat(path)
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@lru_cache(maxsize=4096)
def _checksum(path: str, start: int, _state: tuple[int, ...]) -> str:
    crc, size, buffer = 0, 0, bytearray(_BLOCK)
    with open(path, "rb", buffering=0) as file:
        file.seek(start)
        while count := file.readinto(buffer):
            crc = google_crc32c.extend(crc, bytes(memoryview(buffer)[:count]))
            size += count
    return f"{crc:08x} {size}"


def seal_hdf5(path: Path) -> None:
    """Enter the checksum of an HDF5 file, made with a user block of `USER_BLOCK` bytes, into that block."""
    with path.open("r+b") as file:
        file.write(_user_block(checksum(path, USER_BLOCK)))


def _user_block(value: str) -> bytes:
    return f"Gradnoise, CRC-32C and bytes of what follows: {value}\n".encode().ljust(
        USER_BLOCK, b"\0"
    )


def write_list(folder: Path, origin: str = "") -> None:
    """Write the checksums of a folder's files into it.

    Args:
        folder: with all its files.
        origin: what the result was made from; a part of its `identity`.
    """
    store = (folder / STORE).exists()
    listed = {
        str(path.relative_to(folder)): f"{_UNREAD} {size}"
        if store and (size := path.stat().st_size) > LARGEST
        else checksum(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != LIST
    }
    made_from = hashlib.sha256(origin.encode()).hexdigest()
    content = {"origin": made_from, "files": listed}
    text = json.dumps({**content, "own": _of_content(content)}, indent=0)
    (folder / LIST).write_text(text + "\n")


def identity(path: Path) -> str:
    """What tells a published file or folder from another one, without reading it; "" where that is not known."""
    if path.is_dir():
        listed = path / LIST
        return checksum(listed) if listed.is_file() else ""
    return _known(path) or ""


def verify(path: Path) -> None:
    """Compare a file with its checksum, where one is known.

    Raises:
        DamagedError: names the file, what is wrong with it, and what to delete.
    """
    if path.suffix == ".h5" and path.is_file():
        _verify_hdf5(str(path), state_of(path))
    elif (expected := _known(path)) is not None:
        _compare(path, expected)


@lru_cache(maxsize=4096)
def _verify_hdf5(path: str, _state: tuple[int, ...]) -> None:
    # All that is compared lies in the file.
    expected = _in_user_block(Path(path))
    if expected is not None:
        _compare(Path(path), expected, USER_BLOCK)


def _compare(path: Path, expected: str, start: int = 0, *, sizes_only: bool = False) -> None:
    if not path.is_file():
        raise damaged(path, "this file is missing")
    crc, least = expected.split()
    if (size := os.stat(path).st_size - start) != int(least):
        raise damaged(path, f"found {size} bytes of the {least} that were written")
    if crc != _UNREAD and not sizes_only and checksum(path, start) != expected:
        raise damaged(path, "found other bytes than were written (their checksum differs)")


def _known(path: Path) -> str | None:
    """The checksum that was written with a file; None where there is none."""
    if path.suffix == ".h5":
        if not path.is_file():
            raise damaged(path, "this file is missing")
        return _in_user_block(path)
    hidden = beside(path)
    if hidden.is_file():
        return _text(hidden).strip()
    listed = path.parent / LIST
    if not listed.is_file():
        return None
    return read_list(path.parent).get(path.name)


def _in_user_block(path: Path) -> str | None:
    with path.open("rb") as file:
        block = file.read(USER_BLOCK)
    if block.startswith(_HDF5):
        return None  # another program's file
    value = block.rstrip(b"\0").decode(errors="replace").rpartition(": ")[2].strip()
    if block != _user_block(value) or not _is_checksum(value):
        raise damaged(path, f"found no checksum in its first {USER_BLOCK} bytes")
    return value


def read_list(folder: Path) -> dict[str, str]:
    """The checksums of a folder's files, by their paths in it.

    Raises:
        DamagedError: where the list itself is damaged.
    """
    path = folder / LIST
    status = os.stat(path)
    return _read_list(str(path), (status.st_ino, status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=64)
def _read_list(path: str, _state: tuple[int, ...]) -> dict[str, str]:
    try:
        content = json.loads(_text(Path(path)))
        own = content.pop("own", None)  # lists of before have none
        found: dict[str, str] = content["files"]
        whole = own in (None, _of_content(content)) and all(map(_is_checksum, found.values()))
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise damaged(Path(path), "found no list of checksums as it was written")
    return found


def _of_content(content: object) -> str:
    """CRC-32C of what a list says, whatever its spaces."""
    return f"{google_crc32c.value(json.dumps(content).encode()):08x}"


def _text(path: Path) -> str:
    text = path.read_text(errors="replace")
    if path.name.endswith(BESIDE) and not _is_checksum(text.strip()):
        raise damaged(path, "found no checksum")
    return text


def _is_checksum(value: str) -> bool:
    crc, _, size = str(value).partition(" ")
    return len(crc) == 8 and size.isascii() and size.isdigit()


def damaged(path: Path, what: str) -> DamagedError:
    """The error that names a damaged file, and the result to delete: the outermost folder with a list, or the file."""
    result = path
    if path.name.endswith(BESIDE):
        result = path.with_name(path.name.removesuffix(BESIDE).removeprefix("."))
    for folder in path.parents:
        if (folder / LIST).exists():
            result = folder
    advice = f"delete {result} and run again" if result.exists() else "run again"
    return DamagedError(f"{path}: {what}; {advice}")


def verify_folder(folder: Path) -> None:
    """Verify every file that a folder lists.

    Raises:
        DamagedError: names the first that is not what was written.
    """
    for name, expected in _listed(folder).items():
        _compare(folder / name, expected)


def verify_store(path: Path, member: str = "") -> None:
    """Verify a Zarr store's metadata, and the sizes of its chunks: a lost one would read as its fill value.

    What is in the chunks Zarr verifies where it reads them.

    Args:
        path: of the store.
        member: only this group, and the root.

    Raises:
        DamagedError: names the first file that is not what was written.
    """
    for name, expected in _listed(path).items():
        if name == STORE or name.startswith(f"{member}/" if member else ""):
            _compare(path / name, expected, sizes_only=not name.endswith(STORE))


def _listed(folder: Path) -> dict[str, str]:
    return read_list(folder) if (folder / LIST).exists() else {}
