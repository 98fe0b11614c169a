"""Programs in forks of this process that vanish at a file operation, and what they leave."""

import builtins
import glob
import hashlib
import io
import itertools
import logging
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from gradnoise.store.checksums import beside

KILLED = 137


class Ended(NamedTuple):
    """How a job ended: its exit status (negative: the signal), what it wrote to standard error, its CPU seconds."""

    status: int
    said: str
    seconds: float

    @property
    def line(self) -> str:
        """What the user is told."""
        return self.said.strip().splitlines()[-1] if self.said.strip() else ""


def forked(program: Callable[[], None], folder: Path) -> int:
    """Run a function as a process of its own in a folder."""
    sys.stdout.flush()
    sys.stderr.flush()
    number = os.fork()
    if number:
        return number
    status = 0
    try:
        os.chdir(folder)
        said = os.open("said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w"), line_buffering=True)
        logging.getLogger().handlers.clear()  # pytest's
        signal.signal(signal.SIGINT, signal.default_int_handler)
        program()
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stderr.flush()
    os._exit(status)


def wait(number: int, folder: Path, seconds: float = 600) -> Ended:
    """Wait for a started job.

    Raises:
        TimeoutError: where it hangs; it is killed then.
    """
    end = time.monotonic() + seconds
    while True:
        found, status, usage = os.wait4(number, os.WNOHANG)
        if found:
            said = (folder / "said").read_text(errors="replace")
            seconds = usage.ru_utime + usage.ru_stime
            return Ended(os.waitstatus_to_exitcode(status), said, seconds)
        if time.monotonic() > end:
            os.kill(number, signal.SIGKILL)
            os.waitpid(number, 0)
            raise TimeoutError(f"job {number} hangs")
        time.sleep(0.002)


OPERATIONS = ("rename", "replace", "unlink", "remove", "rmdir", "mkdir", "link", "ftruncate")


def crash_at(number: int, counted: Path | None = None) -> Callable[[], None]:
    """Make a process vanish, as by kill -9 or a power cut, at its file operation of this number.

    An operation is a change of a folder, or a file opened for writing: that is two, before it is there and empty.

    Args:
        number: of the operation, from 0; below 0 for none.
        counted: file to which the names of the operations go.
    """

    def prepare() -> None:
        seen, here = itertools.count(), Path.cwd()  # counted by several threads
        log = os.open(counted, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) if counted else -1

        def step(name: str, target: Any) -> None:
            outside = isinstance(target, str | Path) and not (here / target).is_relative_to(here)
            if outside:
                return  # a cache of Numba's, a temporary folder
            if next(seen) == number:
                os._exit(KILLED)
            if log >= 0:
                os.write(log, f"{name} {target}\n".encode())

        def changing(name: str, function: Any) -> Any:
            def call(*arguments: Any, **options: Any) -> Any:
                step(name, arguments[0])
                return function(*arguments, **options)

            return call

        for name in OPERATIONS:
            setattr(os, name, changing(name, getattr(os, name)))
        plain = io.open

        def opening(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            if not set(mode) & set("wax+") or isinstance(file, int):
                return plain(file, mode, *arguments, **options)
            step("create", file)
            opened = plain(file, mode, *arguments, **options)
            step("write", file)
            return opened

        builtins.open = io.open = opening  # type: ignore[assignment]

    return prepare


def contents(paths: Iterable[Path], folder: Path) -> dict[str, str]:
    """SHA-256 of every published file, by its path; without those that only belong to an attempt."""
    found = {}
    for path in paths:
        place = folder / path
        files = [place, beside(place)] if place.is_file() else sorted(place.rglob("*"))
        for file in files:
            if file.is_file() and file.name != ".snakemake_timestamp":
                found[str(file.relative_to(folder))] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def forget(paths: Iterable[Path], folder: Path) -> None:
    """Remove a job's outputs, and all that attempts at it have left."""
    remove(paths, folder)
    for path in paths:
        # Its work area, its checksum, and what is kept of it: a folder, or a link with a digest in its name.
        remove((folder / path.parent).glob(f".{glob.escape(path.name)}.*"), folder)


def remove(paths: Iterable[Path], folder: Path) -> None:
    """What Snakemake does to a job's outputs before it starts and after it failed."""
    for path in paths:
        place = folder / path
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)


def attempts(folder: Path) -> list[Path]:
    """What attempts have left that is no result: work areas, temporary files."""
    return [*folder.rglob(".*.work"), *folder.rglob("*.partial")]
