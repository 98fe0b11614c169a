"""Results that workflows share, in one folder for all of them, which the environment variable `GRADNOISE_CACHE` names.

What a work area publishes leaves hard links there (copies, where that is another file system), under the digest of all
that decides it: settings, source code, the inputs' checksums, and the versions of what computes. A job of another
output folder, or of another user who may read it, that would compute the same takes it from there.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from gradnoise.errors import InputError
from gradnoise.store import checksums
from gradnoise.store.versions import versions
from gradnoise.store.whole import link_or_copy

log = logging.getLogger(__name__)

VARIABLE = "GRADNOISE_CACHE"


class Shared:
    """One result in the shared folder; nothing without one, or of a manifest that names no source code.

    Args:
        manifest: what decides the result, JSON-serialisable.
        names: of its files and folders.
    """

    def __init__(self, manifest: Mapping[str, Any], names: Iterable[str]) -> None:
        self.names = list(names)
        self.path: Path | None = None
        folder = os.environ.get(VARIABLE)
        if folder and manifest.get("source"):
            text = json.dumps([manifest, self.names, versions()], sort_keys=True)
            digest = hashlib.sha256(text.encode()).hexdigest()
            self.path = Path(folder).expanduser() / digest

    def put(self, content: Path) -> None:
        """Share what is about to be published; what is there already stays."""
        if self.path is None or self.path.exists():
            return
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            new.mkdir(parents=True)
            for name in self.names:
                _place(content / name, new / name, link_or_copy)
            os.rename(new, self.path)
        except OSError as error:
            shutil.rmtree(new, ignore_errors=True)
            if not self.path.exists():  # else another job was faster
                log.warning("not shared in %s: %s", self.path.parent, error)

    def take(self, work: Path) -> Path | None:
        """A folder in `work` with what another workflow computed; None where that is nothing, or damaged."""
        if self.path is None or not self.path.is_dir():
            return None
        taken = work / "shared"
        shutil.rmtree(taken, ignore_errors=True)  # of a run killed right here
        taken.mkdir()
        try:
            # By name: no stage depends on how results are diagnosed.
            diagnosis = import_module("gradnoise.store.diagnosis")
            diagnosis.require_whole(self.path / name for name in self.names)
            for name in self.names:
                # Of a file a copy: Snakemake goes by its time, which all links would share.
                _place(self.path / name, taken / name, link_or_copy, shutil.copyfile)
        except (InputError, OSError) as error:
            log.warning("computing anew: what is shared cannot be used: %s", error)
            self._forget()
            return None
        log.info("taking what another workflow computed, from %s", self.path)
        return taken

    def _forget(self) -> None:
        assert self.path is not None
        old = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            os.rename(self.path, old)
        except OSError:
            return  # it belongs to another user
        shutil.rmtree(old, ignore_errors=True)


def _place(source: Path, target: Path, inside: Any, alone: Any = None) -> None:
    """A folder whose files `inside` makes, or a file with its checksum that `alone` makes."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=inside)
    else:
        for path, place in checksums.with_own(source, target):
            (alone or inside)(path, place)
