"""Fingerprints that an earlier process found: to parse all modules takes longer than to plan a small experiment."""

import atexit
import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

import fingerprint
from fingerprint import KNOWN, Import, Module


def remember(source: Path, file: Path) -> None:
    """Take over what an earlier process found of the modules, unless a file has changed since; leave it there at exit.

    Args:
        source: folder of the modules.
        file: in which it is kept; one that cannot be read or written is done without.
    """
    key = stamp(source)
    KNOWN[source] = read(file, key)
    atexit.register(leave, source, file, key, len(KNOWN[source]))


def read(file: Path, key: str) -> dict[str, Module]:
    """Modules by name; none where the file is missing, damaged or of other sources."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(file.read_text())
        if kept["stamp"] == key:
            return {
                name: Module(digest, tuple(Import(*each) for each in imports), face)
                for name, (digest, imports, face) in kept["modules"].items()
            }
    return {}


def leave(source: Path, file: Path, key: str, before: int) -> None:
    """Write the file, where more is known than `before` and nothing was edited meanwhile."""
    if len(KNOWN[source]) == before or stamp(source) != key:
        return
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    with suppress(OSError):
        file.parent.mkdir(exist_ok=True)
        temporary.write_text(json.dumps({"stamp": key, "modules": KNOWN[source]}))
        temporary.replace(file)


def stamp(source: Path) -> str:
    """Of all files below a folder, and of the code that looks at them: names, times and sizes."""
    found = []
    for folder, below, files in os.walk(source):
        below[:] = sorted(name for name in below if name != "__pycache__")
        found += [os.path.join(folder, name) for name in sorted(files)]
    states = [(path, os.stat(path)) for path in (*found, fingerprint.__file__)]
    lines = (f"{path} {state.st_mtime_ns} {state.st_size}" for path, state in states)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
