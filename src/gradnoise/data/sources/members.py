"""Files, folders and links of a collection: a folder on disk, or a tar that is never unpacked."""

import bz2
import gzip
import io
import lzma
import os
import posixpath
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from gradnoise.errors import InputError

OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}

DAMAGE = (tarfile.TarError, EOFError, OSError, lzma.LZMAError, zlib.error)

# What systems leave beside the user's files; names that begin with a dot are hidden, too.
LEFT_BY_SYSTEMS = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "lost+found")


@dataclass(frozen=True)
class Member:
    """A file, folder or link of a collection.

    Attributes:
        name: relative to the collection.
        file: its content, open; None for a folder or link.
        target: what a link of a tar points to, relative to the collection; None for all else. Links on disk
            are followed.
    """

    name: PurePosixPath
    file: IO[bytes] | None = None
    target: PurePosixPath | None = None


def is_hidden(name: PurePosixPath) -> bool:
    """Whether a name, or a folder that it lies in, is an editor's or a system's and none of the user's."""
    return any(
        (part.startswith(".") and part != "..") or part in LEFT_BY_SYSTEMS for part in name.parts
    )


def members(path: Path) -> Iterator[Member]:
    """Every member of a folder or tar that is not hidden, in a fixed order.

    Raises:
        InputError: for nothing there, a tar cut short, a broken link, a link to a folder around it, or what
            is neither file, folder nor link.
    """
    if path.is_dir():
        for entry in walk(path):
            name = PurePosixPath(Path(entry.path).relative_to(path).as_posix())
            if entry.is_dir():
                yield Member(name)
            else:
                with _readable(entry.path), open(entry.path, "rb") as file:
                    yield Member(name, file)
    elif path.is_file():
        yield from (member for member in _tar_members(path) if not is_hidden(member.name))
    else:
        kind = "a pipe, socket or device" if path.exists() else "nothing"
        raise InputError(f"{path}: found {kind}; expected a folder or tar")


def walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Every folder and file below a folder that is not hidden, through links, each folder before its content.

    Raises:
        InputError: as `members`.
    """
    yield from _walk(str(folder), (os.path.realpath(folder),))


def _walk(folder: str, around: tuple[str, ...]) -> Iterator[os.DirEntry[str]]:
    with _readable(folder), os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if is_hidden(PurePosixPath(entry.name)):
            continue
        _require_content(entry)
        yield entry
        if entry.is_dir():
            real = os.path.realpath(entry.path)
            if real in around:
                raise InputError(
                    f"{entry.path}: found a link to {real}, a folder that it lies in; expected no circle of "
                    "folders: remove the link"
                )
            yield from _walk(entry.path, (*around, real))


def _require_content(entry: os.DirEntry[str]) -> None:
    if entry.is_symlink() and not os.path.exists(entry.path):
        raise InputError(
            f"{entry.path}: found a link to {os.readlink(entry.path)}, which is missing; expected what it points "
            "to: restore it or remove the link"
        )
    if not (entry.is_dir() or entry.is_file()):
        raise InputError(f"{entry.path}: found a pipe, socket or device; expected files: remove it")


@contextmanager
def _readable(path: str) -> Iterator[None]:
    """Turn what the system refuses into one message that names the file."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: expected to read it, found {error.strerror}") from error


def _tar_members(path: Path) -> Iterator[Member]:
    with path.open("rb") as raw:
        start = raw.read(8)
    opener = next((opener for magic, opener in OPENERS.items() if start.startswith(magic)), open)
    count = 0
    try:
        with opener(path, "rb") as stream:
            for member in _untarred(stream, path):
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


def _untarred(stream: IO[bytes], path: Path) -> Iterator[Member]:
    """Files, folders and links of a tar, read once from front to back."""
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        while (member := tar.next()) is not None:
            tar.members.clear()  # type: ignore[attr-defined]  # else tarfile keeps a record of every member
            name = PurePosixPath(member.name)
            if member.isdir():
                yield Member(name)
            elif member.isfile():
                file = tar.extractfile(member)
                assert file is not None
                # Read here, so that a damaged archive is not taken for a damaged image.
                yield Member(name, io.BytesIO(file.read()))
            elif member.islnk() or member.issym():
                # A hard link is named from the archive's root, a symbolic one from its own folder.
                start = "" if member.islnk() else str(name.parent)
                target = posixpath.normpath(posixpath.join(start, member.linkname))
                yield Member(name, target=PurePosixPath(target))
            elif not is_hidden(name):
                raise InputError(
                    f"{path}: {name}: found neither file, folder nor link; expected images: pack without it"
                )
        # tarfile takes an end between two members for the archive's: read on to the stream's checksum.
        while stream.read(1 << 20):
            pass


def _check_end(path: Path) -> None:
    """An uncompressed tar has no checksum at its end, but a block of zeros."""
    with path.open("rb") as raw:
        raw.seek(-512, 2)
        if any(raw.read()):
            raise EOFError("no end-of-archive mark")
