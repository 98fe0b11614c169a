"""Fingerprint of the source code a stage runs: its import closure, one item a module.

Snakemake looks neither at imported modules nor at package data. These items are passed as params, so that a
stage is invalid exactly when the code it runs has changed; comments, docstrings and file times do not count.
Not covered: dynamic imports and third-party versions.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path


def fingerprint(module: str, source: Path) -> tuple[str, ...]:
    """`name@digest` of every module in the import closure of `module` below the folder `source`.

    A module's digest covers its code without docstrings and the data files beside it: a data file belongs to
    the module whose name it starts with, otherwise to its folder's package.

    Raises:
        FileNotFoundError: when the module is not below `source`.
        SyntaxError: names the file.
    """
    digests: dict[str, str] = {}
    pending = [module]
    while pending:
        parts = pending.pop().split(".")
        # Parent packages run too.
        for name in (".".join(parts[: depth + 1]) for depth in range(len(parts))):
            if name not in digests:
                digests[name], imports = _module(name, source)
                pending += imports
    return tuple(f"{name}@{digest}" for name, digest in sorted(digests.items()))


@cache
def _module(name: str, source: Path) -> tuple[str, tuple[str, ...]]:
    """Digest of one module, and the modules below `source` that it imports."""
    path = _path(name, source)
    if path is None:
        if (source / Path(*name.split("."))).is_dir():
            return "namespace", ()
        raise FileNotFoundError(f"{name}: no such module below {source}")
    tree = ast.parse(path.read_text(), filename=str(path))
    imports = tuple(sorted(set(_imports(name, path, tree, source))))
    digest = hashlib.sha256(_code(tree).encode())
    for data in _data_files(path):
        digest.update(data.name.encode() + b"\0" + data.read_bytes())
    return digest.hexdigest()[:8], imports


def _path(name: str, source: Path) -> Path | None:
    base = source.joinpath(*name.split("."))
    candidates = (base.with_name(f"{base.name}.py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _imports(name: str, path: Path, tree: ast.Module, source: Path) -> Iterator[str]:
    """Names imported anywhere in a module (inside functions too) that are modules below `source`."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - (node.level - 1)] if node.level else []
            stem = ".".join(base + ([node.module] if node.module else []))
            names = [stem, *(f"{stem}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (found for found in names if found and _path(found, source))


def _code(tree: ast.Module) -> str:
    """Source without docstrings and comments, so that prose edits invalidate nothing."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list) or not body or not isinstance(body[0], ast.Expr):
            continue
        if isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str):
            node.body = body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _data_files(path: Path) -> list[Path]:
    beside = [
        file
        for file in sorted(path.parent.iterdir())
        if file.is_file() and file.suffix not in (".py", ".pyc") and not file.name.startswith(".")
    ]
    modules = [module.stem for module in path.parent.glob("*.py") if module.stem != "__init__"]

    def owner(file: Path) -> str:
        return max(
            (stem for stem in modules if file.name.startswith(stem)), key=len, default="__init__"
        )

    return [file for file in beside if owner(file) == path.stem]
