"""Would a test notice? Puts deliberate errors into a copy of the code, one at a time, and runs the tests that should see them.

    python tests/mutants/run.py [--area NAME ...] [--match TEXT] [--sample] [--workers N] [--seconds S]

`<area>.toml` beside this file lists them: `old` (exactly once in `file`) is replaced by `new`, and one of `tests` must fail.
`left` says why none can, `sample` marks those of `make test`. Ends with 1 when fewer than 90 % of an area or 95 % of all are
noticed, when a snippet no longer fits, or when a test fails without any error put in.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "workflow"))
from fingerprint import fingerprint  # noqa: E402

IN_AN_AREA, OVER_ALL = 0.90, 0.95


@dataclass(frozen=True)
class Mutant:
    """One deliberate error."""

    area: str
    file: str
    what: str
    old: str
    new: str
    tests: tuple[str, ...]
    left: str = ""
    sample: bool = False

    def text(self, tree: Path = ROOT) -> str:
        """The file with the error in it.

        Raises:
            ValueError: where the snippet does not occur exactly once.
        """
        text = (tree / self.file).read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self}: found {text.count(self.old)} times, must be once")
        return text.replace(self.old, self.new)

    def __str__(self) -> str:
        return f"{self.area}: {self.file}: {self.what}"


def mutants(folder: Path = Path(__file__).parent) -> list[Mutant]:
    """Every area's list."""
    return [
        Mutant(path.stem, **{**entry, "tests": tuple(entry["tests"])})
        for path in sorted(folder.glob("*.toml"))
        for entry in tomllib.loads(path.read_text())["mutant"]
    ]


def source_of(compiled: Path) -> Path:
    """The module beside whose folder `__pycache__` a file of Numba's cache lies."""
    return compiled.parents[1] / f"{compiled.name.split('.')[0]}.py"


def copied(tree: Path) -> None:
    """Puts the working tree's files and compiled kernels, with their times, into `tree`."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    # Of a module that is gone, a cache may still lie there.
    compiled = [path for path in (ROOT / "src").rglob("*.nb?") if source_of(path).exists()]
    kernels = [str(path.relative_to(ROOT)) for path in compiled]
    for name in (*names.stdout.splitlines(), *kernels):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def failed(tree: Path, tests: tuple[str, ...], seconds: float | None, *options: str) -> bool:
    """Whether one of the tests fails in `tree`, or does not end."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "OMP_NUM_THREADS": "1"}
    environment.pop("NUMBA_CACHE_DIR", None)  # kernels lie beside their sources, one set a tree
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *options]
    process = subprocess.Popen(
        [*command, *tests],
        cwd=tree,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return True
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode and seconds is None:
        print(said)
    return process.returncode != 0


@cache
def _closure(module: Path) -> frozenset[Path]:
    """Modules that one imports, itself among them."""
    name = ".".join(module.relative_to(ROOT / "src").with_suffix("").parts)
    items = (item.partition("@")[0].split(".") for item in fingerprint(name, ROOT / "src"))
    return frozenset(ROOT.joinpath("src", *parts).with_suffix(".py") for parts in items)


def forget(tree: Path, file: str) -> Iterator[Path]:
    """Deletes what was compiled of a file and of the kernels that import it: Numba asks neither itself.

    Yields:
        What was deleted, below the tree.
    """
    modules = {source_of(path).relative_to(tree) for path in tree.rglob("*.nbi")}
    stale = {path for path in modules if ROOT / file in _closure(ROOT / path)} | {Path(file)}
    for path in stale:
        for compiled in (tree / path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()
            yield compiled.relative_to(tree)


def noticed(mutant: Mutant, base: Path, tree: Path, seconds: float) -> bool:
    """Whether a test fails in `tree` with the error in it; leaves the tree as `base` is."""
    path = tree / mutant.file
    gone = list(forget(tree, mutant.file))
    path.write_text(mutant.text(base))
    try:
        return failed(tree, mutant.tests, seconds)
    finally:
        list(forget(tree, mutant.file))
        for name in (Path(mutant.file), *gone):
            if (base / name).exists():
                shutil.copy2(base / name, tree / name)


def tried(chosen: list[Mutant], workers: int, seconds: float) -> dict[Mutant, bool]:
    """Which errors a test notices.

    Raises:
        SystemExit: when a test fails in an unaltered copy.
    """
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        base = Path(folder, "base")
        copied(base)
        if failed(base, tuple(sorted({t for m in chosen for t in m.tests})), None, f"-n{workers}"):
            sys.exit("tests fail without any error put in")
        trees: SimpleQueue[Path] = SimpleQueue()
        for worker in range(workers):
            trees.put(Path(shutil.copytree(base, Path(folder, str(worker)))))

        def one(mutant: Mutant) -> bool:
            tree = trees.get()
            try:
                return noticed(mutant, base, tree, seconds)
            finally:
                trees.put(tree)

        with ThreadPoolExecutor(workers) as pool:
            jobs = {pool.submit(one, mutant): mutant for mutant in chosen}
            found = {}
            for job in as_completed(jobs):
                mutant = jobs[job]
                found[mutant] = job.result()
                if not found[mutant]:
                    print(f"{len(found)} of {len(chosen)}: not noticed: {mutant}", flush=True)
        return found


def table(found: dict[Mutant, bool]) -> tuple[str, bool]:
    """What is printed at the end, and whether enough was noticed."""
    lines = [f"{'area':14} {'tried':>5} {'noticed':>8} {'left':>5}"]
    enough = True
    areas = sorted({mutant.area for mutant in found})
    for area, least in (*((area, IN_AN_AREA) for area in areas), ("", OVER_ALL)):
        here = {mutant: seen for mutant, seen in found.items() if area in ("", mutant.area)}
        seen, left = sum(here.values()), sum(bool(m.left) for m, seen in here.items() if not seen)
        lines.append(f"{area or 'all':14} {len(here):5} {seen:4} {seen / len(here):4.0%} {left:4}")
        enough &= seen >= least * len(here)
    for mutant, seen in found.items():
        if not seen:
            lines.append(f"not noticed: {mutant}: {mutant.left or 'no reason is given'}")
    return "\n".join(lines), enough


def misfits(chosen: list[Mutant]) -> list[str]:
    """What is wrong with snippets that do not occur exactly once."""
    found = []
    for mutant in chosen:
        try:
            mutant.text()
        except ValueError as error:
            found.append(str(error))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--area", nargs="+", help="these alone")
    parser.add_argument("--match", default="", help="those alone whose line has this text")
    parser.add_argument("--sample", action="store_true", help="the fixed sample alone")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=300, help="limit for the tests of one")
    options = parser.parse_args()
    chosen = [
        mutant
        for mutant in mutants()
        if (not options.area or mutant.area in options.area)
        and options.match in str(mutant)
        and (mutant.sample or not options.sample)
    ]
    if wrong := misfits(chosen):
        sys.exit("\n".join(wrong))
    said, enough = table(tried(chosen, options.workers, options.seconds))
    print(said)
    sys.exit(not enough)


if __name__ == "__main__":
    main()
