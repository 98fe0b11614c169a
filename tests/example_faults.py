"""Programs in forks of this process that vanish at a file operation, and what they leave."""

import hashlib
import io
import itertools
import logging
import os
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import psutil

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


def allow(more: int) -> None:
    """Let this process take so many bytes of addresses beside those it has, which of one that runs tests are many."""
    most = psutil.Process().memory_info().vms + more
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


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


# What changes a folder, as Python's audit tells it before it happens, and a file that is opened for writing.
OPERATIONS = {
    "os.link": "link",
    "os.mkdir": "mkdir",
    "os.remove": "unlink",
    "os.rename": "rename",
    "os.rmdir": "rmdir",
    "os.symlink": "symlink",
    "os.truncate": "truncate",
}
WRITING = os.O_WRONLY | os.O_RDWR


class Operation(NamedTuple):
    """A file operation that is about to happen.

    Attributes:
        number: among those of the process, from 0.
        name: what is done.
        target: to which file or folder; a number for an open one.
        torn: file that the operation before opened for writing, and its size then: of what was added
            since, any part may be on disk. None where that operation was another, or wrote amid a file.
    """

    number: int
    name: str
    target: str
    torn: tuple[Path, int] | None


def before_operations(act: Callable[[Operation], None]) -> Callable[[], None]:
    """Call a function before every file operation of a process in its folder, of all threads one after another."""

    def prepare() -> None:
        here, lock, inside = Path.cwd(), threading.RLock(), list[bool]()
        count, opened = itertools.count(), list[tuple[Path, int] | None]([None])

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            name = OPERATIONS.get(event)
            if event == "open" and arguments[2] & WRITING:
                name = "open"
            if name is None:
                return
            target = str(arguments[0])
            if not (here / target).is_relative_to(here) or "__pycache__" in target:
                return  # a cache of Numba's, a temporary folder
            with lock:
                if inside:
                    return  # this is the function's own
                inside.append(True)
                act(Operation(next(count), name, target, opened[0]))
                inside.clear()
                opened[0] = None
                if name == "open":
                    path, flags = here / target, arguments[2]
                    size = path.stat().st_size if path.exists() else 0
                    if not size or flags & os.O_TRUNC:
                        opened[0] = path, 0
                    elif flags & os.O_APPEND:
                        opened[0] = path, size

        sys.addaudithook(hook)

    return prepare


def tear(torn: tuple[Path, int], share: float) -> None:
    """Cut off what was added to a file, but for a share of it."""
    path, size = torn
    if path.exists():
        os.truncate(path, size + int(share * (path.stat().st_size - size)))


def crash_at(number: int, counted: Path | None = None) -> Callable[[], None]:
    """Make a process vanish, as by kill -9 or a power cut, before its file operation of this number.

    Of what it wrote last a third of the crashes leave nothing, a third one half.

    Args:
        number: of the operation, from 0; below 0 for none.
        counted: file to which the names of the operations go.
    """
    log = counted.open("w") if counted else None

    def act(operation: Operation) -> None:
        if operation.number == number:
            if operation.torn is not None:
                tear(operation.torn, number % 3 / 2)
            os._exit(KILLED)
        if log is not None:
            print(operation.name, operation.target, file=log, flush=True)

    return before_operations(act)


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


def traces(paths: Iterable[Path], folder: Path) -> list[Path]:
    """A job's outputs, and all that attempts at it have left beside them, relative to the folder."""
    found: dict[Path, None] = {}
    for path in paths:
        starts = tuple(f"{dots}{name}." for name in (path.name, path.stem) for dots in (".", ".."))
        place = folder / path.parent
        there = sorted(os.listdir(place)) if place.is_dir() else []
        names = [name for name in there if name == path.name or name.startswith(starts)]
        found |= dict.fromkeys(path.with_name(name) for name in names)
    return list(found)


def copy(paths: Iterable[Path], folder: Path, to: Path) -> None:
    """Copy files and folders, relative to a folder, into another one, with their times."""
    for path in paths:
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        if (folder / path).is_dir():
            shutil.copytree(folder / path, to / path)
        else:
            shutil.copy2(folder / path, to / path)
