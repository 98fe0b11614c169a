"""What it costs to verify checksums, of all that a stage does.

python benchmarks/checksums.py [FOLDER]    a project folder in which an experiment has run; this one, unless another is named

One job of each stage that reads is run again in this process, to a folder that is thrown away: seconds of processor
time, of the whole program once its imports and kernels are loaded, and of all that verifies.
"""

import json
import os
import re
import runpy
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradnoise.store import checksums

STAGES = ("gaussianity", "clt", "tails", "rejection", "langevin", "tables", "claims")
MOST = 5.0  # percent
VERIFIED = ("verify", "verify_folder", "verify_store")


@contextmanager
def timed() -> Iterator[list[float]]:
    """Processor time of every call that verifies something."""
    users = [module for name, module in sys.modules.items() if name.startswith("gradnoise")]
    real: dict[str, Callable[..., None]] = {name: getattr(checksums, name) for name in VERIFIED}
    spent: list[float] = []

    def timing(name: str) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            start = time.process_time()
            real[name](*arguments)
            spent.append(time.process_time() - start)

        return call

    places = [
        (module, name)
        for module in users
        for name in VERIFIED
        if getattr(module, name, None) is real[name]
    ]
    for module, name in places:
        setattr(module, name, timing(name))
    try:
        yield spent
    finally:
        for module, name in places:
            setattr(module, name, real[name])


def seconds(module: str, arguments: list[str]) -> float:
    """Processor time of a program."""
    sys.argv = [module, *arguments]
    for cached in (checksums._checksum, checksums._verify_hdf5, checksums._read_list):
        cached.cache_clear()
    start = time.process_time()
    runpy.run_module(module, run_name="__main__", alter_sys=False)
    return time.process_time() - start


def program(command: str, folder: Path) -> tuple[str, list[str]]:
    """Module and arguments of a recorded command, what it writes in another folder."""
    found = re.search(r"python -m (\S+) (.*?) 2> ", command, re.S)
    assert found is not None, command
    words: list[Any] = shlex.split(found[2])
    for place, word in enumerate(words[:-1]):
        if word in ("--output", "--components"):
            words[place + 1] = str(folder / Path(words[place + 1]).name)
    return found[1], words


def commands(project: Path) -> dict[str, str]:
    """The first recorded command of each rule."""
    found: dict[str, str] = {}
    for path in sorted((project / ".snakemake/metadata").rglob("*")):
        if path.is_file():
            record = json.loads(path.read_text())
            found.setdefault(record["rule"], record["shellcmd"] or "")
    return found


def main() -> None:
    os.chdir(sys.argv[1] if len(sys.argv) > 1 else ".")
    recorded = commands(Path())
    print("stage         whole, s   verifying, s   more, %")
    worst = -1.0
    for stage in STAGES:
        if stage not in recorded:
            continue
        with tempfile.TemporaryDirectory() as folder:
            called = program(recorded[stage], Path(folder))
            seconds(*called)  # imports, kernels
            with timed() as spent:
                whole = seconds(*called)
        more = 100 * sum(spent) / (whole - sum(spent))
        worst = max(worst, more)
        print(f"{stage:12} {whole:9.3f} {sum(spent):14.4f} {more:9.1f}", flush=True)
    if worst < 0:
        sys.exit("no job of these stages is recorded there")
    print(f"at most {MOST} % more: {'yes' if worst <= MOST else 'NO'}")


if __name__ == "__main__":
    main()
