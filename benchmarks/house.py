"""The sizes that the house keeps, and what starting and invalidating a stage costs.

python benchmarks/house.py [other source tree]

Entries of the package folder, modules per package, longest modules and functions, comments; for each stage the
lines of its import closure (what an edit of which reruns it) and the processor seconds of `--help`. With
another checkout of the project, the ratio of both to that one's.
"""

import ast
import os
import resource
import statistics
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

import fingerprint

ROOT = Path(__file__).parents[1]

STAGES = (
    *("data", "training", "gradients", "noise", "moments", "gaussianity", "clt", "tails"),
    *("trajectory", "langevin", "calibration", "control", "tables", "claims", "report"),
)
LINES, FUNCTION, MEDIAN, MODULES = 250, 60, 15, 15


def functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every function with its lines, docstring not counted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if ast.get_docstring(node, clean=False) is not None:
                docstring = node.body[0]
                length -= (docstring.end_lineno or 0) - docstring.lineno + 1
            yield node.name, length


def comments(path: Path) -> int:
    with path.open("rb") as file:
        return sum(token.type == tokenize.COMMENT for token in tokenize.tokenize(file.readline))


def sizes() -> None:
    """Print what is held to a limit, with the limit."""
    package = ROOT / "src/gradnoise"
    entries = [path for path in package.iterdir() if path.name != "__pycache__"]
    print(f"src/gradnoise: {len(entries)} entries")
    counts = {
        folder.relative_to(package): sum(path.name != "__init__.py" for path in folder.glob("*.py"))
        for folder in sorted({path.parent for path in package.rglob("*.py")})
    }
    most = max(counts, key=lambda folder: counts[folder])
    print(f"modules per package: at most {counts[most]} ({most}); limit {MODULES}")
    paths = [path for name in ("src", "workflow") for path in (ROOT / name).rglob("*.py")]
    texts = {path: path.read_text() for path in paths}
    lengths = {path: len(text.splitlines()) for path, text in texts.items()}
    found = sorted(
        (length, f"{path.relative_to(ROOT)}: {name}")
        for path, text in texts.items()
        for name, length in functions(ast.parse(text))
    )
    total = sum(lengths.values())
    print(
        f"{len(paths)} modules, {total} lines; {len(found)} functions, median "
        f"{statistics.median(length for length, _ in found):g} lines; limit {MEDIAN}"
    )
    print(f"comments: {100 * sum(map(comments, paths)) / total:.1f} per hundred lines")
    print(f"longest modules (limit {LINES}):")
    for path in sorted(paths, key=lambda path: -lengths[path])[:5]:
        print(f"  {lengths[path]:4}  {path.relative_to(ROOT)}")
    print(f"longest functions, without their docstrings (limit {FUNCTION}):")
    for length, name in reversed(found[-5:]):
        print(f"  {length:4}  {name}")


def program(stage: str, source: Path) -> str:
    """The module that `python -m gradnoise.<stage>` runs."""
    names = (f"gradnoise.{stage}.__main__", f"gradnoise.{stage}", "gradnoise.datasets")
    return next(
        name for name in names if source.joinpath(*name.split(".")).with_suffix(".py").exists()
    )


def closure(stage: str, source: Path) -> int:
    """Lines of the modules in a stage's import closure."""
    items = fingerprint.fingerprint(program(stage, source), source)
    paths = [fingerprint._path(item.split("@")[0], source) for item in items]
    return sum(len(path.read_text().splitlines()) for path in paths if path is not None)


def start(stage: str, source: Path, repeats: int = 5) -> float:
    """Processor seconds of a stage that does nothing, the least of a few runs."""
    command = [sys.executable, "-m", program(stage, source).removesuffix(".__main__"), "--help"]
    taken = []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = {**os.environ, "PYTHONPATH": str(source)}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def main() -> None:
    sizes()
    others = [Path(argument) / "src" for argument in sys.argv[1:2]]
    print(f"\n{'stage':12} {'closure, lines':>15} {'start, CPU s':>13}" + " vs other" * len(others))
    for stage in STAGES:
        lines, seconds = closure(stage, ROOT / "src"), start(stage, ROOT / "src")
        row = f"{stage:12} {lines:15} {seconds:13.2f}"
        for other in others:
            row += f"  {lines / closure(stage, other):.2f}  {seconds / start(stage, other):.2f}"
        print(row)


if __name__ == "__main__":
    main()
