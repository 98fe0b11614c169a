"""The edge of every stage: command line, log, progress and signals. Nothing here computes."""

import argparse
import errno
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from weakref import WeakSet

from tqdm import tqdm

from gradnoise.errors import InputError
from gradnoise.store.checksums import identity

log = logging.getLogger(__name__)

# Errors that no program can help.
OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EIO)
OF_MEMORY = ("allocate memory", "out of memory", "can't start new thread")

# Metadata of a settings' field that need not be given.
OPTIONAL = {"optional": True}

_bars: WeakSet["tqdm[Any]"] = WeakSet()
_inputs: ContextVar[list[Path]] = ContextVar("what the program reads", default=[])  # noqa: B039
_wanted: ContextVar[bool] = ContextVar("progress is wanted", default=True)

Item = TypeVar("Item")
Settings = TypeVar("Settings")


def read_settings(kind: type[Settings], given: Mapping[str, Any]) -> Settings:
    """A stage's settings as its dataclass. The workflow has checked the values; here it is the keys.

    Every field must be given, also one with a default (which serves notebooks), but for those that are `OPTIONAL`.

    Raises:
        InputError: names every key that is missing or unknown.
    """
    known = fields(kind)  # type: ignore[arg-type]
    accepted = [field.name for field in known]
    needed = [field.name for field in known if field.metadata != OPTIONAL]
    unknown = [key for key in given if key not in accepted]
    missing = [key for key in needed if key not in given]
    if unknown or missing:
        found = [f"{key}: unknown key" for key in unknown] + [f"{key}: missing" for key in missing]
        raise InputError(f"settings: {'; '.join(found)}; accepted: {', '.join(accepted)}")
    return kind(**given)


def parse(
    description: str,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = ("output",),
    several: Sequence[str] = (),
    optional: Sequence[str] = (),
    made: Sequence[str] = (),
) -> argparse.Namespace:
    """Read a stage's command line.

    Args:
        description: one line, shown by `--help`.
        inputs: names of options that take one path each.
        outputs: names of options that take one path each to write.
        several: names of options that take any number of paths.
        optional: the same, of options that need not be there, and that change no result.
        made: names of options that take at least one path to write.

    Returns:
        Namespace with those names as `pathlib.Path` (lists for `several`, `optional` and `made`), `settings` (parsed JSON)
        `source` (fingerprint of the source code that runs) and `inputs` (those of `inputs` and `several`).
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--settings", type=json.loads, default={}, help="JSON of what the stage reads"
    )
    parser.add_argument("--source", default="", help="fingerprint of the stage's source code")
    for name in (*inputs, *outputs):
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, required=True)
    for name in several:
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, required=True, nargs="*")
    for name in optional:
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, default=[], nargs="*")
    for name in made:
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, required=True, nargs="+")
    given = parser.parse_args()
    given.inputs = {name: getattr(given, name) for name in (*inputs, *several)}
    reads([*given.inputs.values(), *(getattr(given, name) for name in optional)])
    return given


def reads(given: Iterable[Path | Sequence[Path]]) -> None:
    """Say what a program reads: where it fails, these are looked through for damage."""
    _inputs.set([path for one in given for path in ([one] if isinstance(one, Path) else one)])


def manifest(given: argparse.Namespace) -> dict[str, Any]:
    """What tells the results of one call from those of another: settings, sources, and the inputs' checksums."""
    found = {
        name: [identity(path) for path in ([one] if isinstance(one, Path) else one)]
        for name, one in given.inputs.items()
    }
    return {"settings": given.settings, "source": given.source, "inputs": found}


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main` as a program.

    SIGTERM ends it at the next Python instruction with exit status 143: whatever is complete on disk
    stays (everything is written so that a kill at any instant is safe). A wrong input, or an interrupt
    (Ctrl-C), memory or a disk that is full, is one clear message on standard error and exit status 1. After any other error the inputs are looked
    through: a damaged one is the message; where all are whole, the error keeps its traceback.
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        main()
    except InputError as error:
        _end(f"error: {error}")
    except KeyboardInterrupt:
        _end("interrupted")
    except Exception as error:
        told = _circumstance(error)
        if told:
            _end(f"error: {told}")
        try:
            # By name: no stage depends on how results are diagnosed.
            import_module("gradnoise.store.diagnosis").require_whole(_inputs.get())
        except InputError as damage:
            _end(f"error: {damage}")
        except MemoryError as more:
            _end(f"error: {_circumstance(more)}")
        raise


def _end(message: str) -> NoReturn:
    """End with a message on a line of its own, the last one: bars that were left in the middle end first."""
    for bar in list(_bars):
        bar.close()
    sys.exit(message)


def _circumstance(error: Exception) -> str:
    """What the user is told where not the program is at fault but memory, disk or permissions; "" for all else."""
    text = str(error)
    if _is_of_memory(error):
        return f"out of memory ({text or 'MemoryError'}); give the job more, or ask for less: lower noise.memory"
    said = next((os.strerror(number) for number in OF_THE_DISK if os.strerror(number) in text), "")
    if not said:
        return ""
    where = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    return (
        f"{where}{said}; nothing finished is lost: make room, or the folder writable, and run again"
    )


def _is_of_memory(error: BaseException | None) -> bool:
    """Whether memory was missing here, or where an error arose from another one."""
    if error is None:
        return False
    here = isinstance(error, MemoryError) or any(words in str(error) for words in OF_MEMORY)
    return here or _is_of_memory(error.__cause__ or error.__context__)


def available_threads() -> int:
    """Threads this job may use: OMP_NUM_THREADS, which schedulers set, else the processors it may run on."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    # macOS has no affinities.
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def progress(items: Iterable[Item], description: str, **options: Any) -> Iterable[Item]:
    """Iterate with a progress bar on standard error: live on a terminal, a line now and then in a stage's log.

    Elsewhere (a notebook, a script whose output goes to a file) there is none, unless logging's level is INFO.
    """
    terminal = sys.stderr.isatty()
    shown = _wanted.get() and (terminal or log.isEnabledFor(logging.INFO))
    interval = 0.5 if terminal else 10.0
    options = {"mininterval": interval, "disable": not shown, **options}
    bar = tqdm(items, desc=description, file=sys.stderr, **options)
    _bars.add(bar)
    return bar


@contextmanager
def showing(wanted: bool) -> Iterator[None]:
    """Whether `progress` shows anything inside."""
    token = _wanted.set(wanted)
    try:
        yield
    finally:
        _wanted.reset(token)


@contextmanager
def without_linear_algebra() -> Iterator[None]:
    """Keep Numba from importing scipy.linalg when its first kernel is loaded: 0.2 s that a job can save.

    Around a whole program that calls no linear algebra from its kernels; Numba remembers for good that it
    found none.
    """
    if "scipy.linalg" in sys.modules:
        yield
        return
    sys.modules["scipy.linalg"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["scipy.linalg"]
