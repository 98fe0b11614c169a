"""The sizes that keep the house readable (`python benchmarks/house.py` prints them)."""

import ast
import statistics
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/gradnoise"
MODULES = [*PACKAGE.rglob("*.py"), *(ROOT / "workflow").rglob("*.py")]


def lengths(path: Path) -> dict[str, int]:
    """Lines of every function, docstrings not counted."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if ast.get_docstring(node, clean=False) is not None:
                lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
            found[f"{path.relative_to(ROOT)}: {node.name}, line {node.lineno}"] = lines
    return found


def test_modules_stay_within_250_lines() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: lines for name, lines in long.items() if lines > 250} == {}


def test_functions_stay_within_60_lines_and_are_short_in_the_middle() -> None:
    found = {name: lines for path in MODULES for name, lines in lengths(path).items()}
    assert {name: lines for name, lines in found.items() if lines > 60} == {}
    assert statistics.median(found.values()) <= 15


def test_packages_hold_few_rooms() -> None:
    entries = [path for path in PACKAGE.iterdir() if path.name != "__pycache__"]
    assert len(entries) <= 30
    for folder in {path.parent for path in PACKAGE.rglob("*.py")}:
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(modules) <= 15, folder
