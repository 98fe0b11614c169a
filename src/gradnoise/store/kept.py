"""What a stage has published, kept for a second attempt under a second name.

Snakemake removes a job's outputs before it starts it and after it failed, finished ones too: a time limit right
after publishing, or a restart beside a job that lives on, would cost the whole work. So every published file has
a hard link in the hidden folder `.{name}.kept` beside the output, which no rule declares; the next attempt with the
same settings, sources and inputs finds it there. It takes no disk while the output is there.

Of a job that publishes many small files, one after another, each has one link, `.{name}.{digest of its manifest}.kept`.
"""

import glob
import hashlib
import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from gradnoise.errors import InputError
from gradnoise.store import checksums
from gradnoise.store.whole import atomic

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
DIGITS = 16  # of a manifest's digest in the name of a link


class Kept:
    """What is kept of one output.

    Args:
        output: beside which it lies.
        manifest: text that tells today's results from others.
        work: folder on the same file system, under the caller's lock.
    """

    def __init__(self, output: Path, manifest: str, work: Path) -> None:
        self.path = output.parent / f".{output.name}.kept"
        self.manifest, self.work = manifest, work

    def replace(self, content: Path, names: Iterable[str]) -> None:
        """Keep hard links to files and folders of `content`, instead of what was kept before."""
        new = self._empty("kept")
        try:
            for name in names:
                _link(content / name, new / name)
        except OSError as error:
            log.info("nothing is kept for a second attempt: no hard links here (%s)", error)
            return
        (new / MANIFEST).write_text(self.manifest)
        self.forget()
        os.rename(new, self.path)

    def forget(self) -> None:
        """Remove what is kept."""
        if self.path.exists():
            discard(self.path, self.work / "forgotten")

    def links(self, names: Mapping[str, Path]) -> Path | None:
        """A folder in the work area with links to what an earlier attempt kept.

        Returns:
            None where that is nothing, of another manifest, or damaged; then nothing is kept any more.
        """
        if not self.path.exists():
            return None
        recorded = self.path / MANIFEST
        if not recorded.exists() or recorded.read_text() != self.manifest:
            self.forget()  # its disk is needed for what comes instead
            return None
        back = self._empty("back")
        try:
            # By name: no stage depends on how results are diagnosed.
            diagnosis = import_module("gradnoise.store.diagnosis")
            diagnosis.require_whole(self.path / name for name in names)
            for name in names:
                _link(self.path / name, back / name)
                if (back / name).is_file():
                    os.utime(back / name)  # by which Snakemake goes, but for folders
        except (InputError, OSError) as error:
            log.warning("computing anew: what an earlier attempt left cannot be used: %s", error)
            self.forget()
            return None
        log.info("taking back what an earlier attempt finished, from %s", self.path)
        return back

    def _empty(self, name: str) -> Path:
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)  # of a run killed right here
        folder.mkdir()
        return folder


def discard(folder: Path, aside: Path) -> None:
    """Remove a folder, by one rename to `aside` first: half of it must never be taken for the whole."""
    shutil.rmtree(aside, ignore_errors=True)  # of a run killed right here
    os.rename(folder, aside)
    shutil.rmtree(aside)


def _link(source: Path, target: Path) -> None:
    """Hard links to a file and its checksum, or to all files of a folder."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=os.link)
    else:
        for pair in checksums.with_own(source, target):
            os.link(*pair)


def keep_file(path: Path, manifest: str) -> None:
    """Keep a hard link to a published HDF5 file, instead of what was kept of it before."""
    link = _link_of(path, manifest)
    for old in _links_of(path):
        old.unlink(missing_ok=True)
    try:
        os.link(path, link)
    except FileExistsError:
        return  # of another process that made the same
    except OSError as error:
        log.info("nothing is kept for a second attempt: no hard links here (%s)", error)


def take_back_file(path: Path, manifest: str) -> bool:
    """Whether an earlier attempt with the same manifest has published an HDF5 file; then it is in its place again."""
    link = _link_of(path, manifest)
    if not link.exists():
        return False
    try:
        with atomic(path) as temporary:
            os.link(link, temporary)
            checksums.verify(temporary)
            os.utime(temporary)  # Snakemake takes what is older than its inputs for out of date
    except (InputError, OSError) as error:
        log.warning("computing anew: what an earlier attempt left cannot be used: %s", error)
        link.unlink(missing_ok=True)
        return False
    log.info("taking back what an earlier attempt finished: %s", path)
    return True


def _link_of(path: Path, manifest: str) -> Path:
    digest = hashlib.sha256(manifest.encode()).hexdigest()[:DIGITS]
    return path.with_name(f".{path.name}.{digest}.kept")


def _links_of(path: Path) -> list[Path]:
    return list(path.parent.glob(f".{glob.escape(path.name)}.{'?' * DIGITS}.kept"))
