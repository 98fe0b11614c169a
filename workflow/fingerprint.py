"""Fingerprint of the source code a stage runs: its import closure, one item a module.

Snakemake looks neither at imported modules nor at package data. These items are passed as params, so that a
stage is invalid exactly when the code it runs has changed; comments, docstrings and file times do not count.

Two rules keep a closure to what is run. A package's `__init__` that only hands names on (docstring, imports,
`__all__`: a *face*) is hashed like any module, but its imports are followed only where somebody asks the
package for a name, not where it is merely the parent of an imported module; that is sound because importing
a module changes no global state. Imports under `if TYPE_CHECKING:` do not run and are not followed. Who calls
`gradnoise.store.registry.registered` imports every module of the package that it names.

Not covered: other dynamic imports and third-party versions.

Every Snakemake asks, and so does each of its jobs on a cluster: what was found of the modules is kept in a file, for as
long as no file of the source folder has another time or size, or has come or gone (`remembered`).
"""

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple


def canonical(settings: Any) -> str:
    """JSON with sorted keys: equal settings are equal text, whatever the order in the YAML file."""
    return json.dumps(settings, sort_keys=True)


def digest(*parts: Any) -> str:
    """Fingerprints or settings in one word."""
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:16]


def fingerprint(module: str, source: Path) -> tuple[str, ...]:
    """`name@digest` of every module in the import closure of `module` below the folder `source`.

    A module's digest covers its code without docstrings and the data files beside it: a data file belongs to
    the module whose name it starts with, otherwise to its folder's package.

    Raises:
        FileNotFoundError: when the module is not below `source`.
        SyntaxError: names the file.
    """
    digests: dict[str, str] = {}
    followed: set[str] = set()
    pending = [Import(module, asked=True)]
    while pending:
        target = pending.pop()
        parts = target.module.split(".")
        # Parent packages run too.
        for name in (".".join(parts[: depth + 1]) for depth in range(len(parts))):
            found = _module(name, source)
            digests[name] = found.digest
            asked = target.asked and name == target.module
            if name not in followed and (asked or not found.face):
                followed.add(name)
                pending += found.imports
    return tuple(f"{name}@{digest}" for name, digest in sorted(digests.items()))


class Import(NamedTuple):
    """One module that another imports."""

    module: str
    asked: bool  # for a name or as a whole, not only as the parent of a module


class Module(NamedTuple):
    """What the closure needs to know of one module."""

    digest: str
    imports: tuple[Import, ...]
    face: bool


# By source folder: what is known of its modules.
KNOWN: dict[Path, dict[str, Module]] = {}


def _module(name: str, source: Path) -> Module:
    known = KNOWN.setdefault(source, {})
    if name not in known:
        known[name] = _read(name, source)
    return known[name]


def _read(name: str, source: Path) -> Module:
    path = _path(name, source)
    if path is None:
        if (source / Path(*name.split("."))).is_dir():
            return Module("namespace", (), face=True)
        raise FileNotFoundError(f"{name}: no such module below {source}")
    text = path.read_text()
    tree = ast.parse(text, filename=str(path))
    # Statements are a tenth of all nodes: expressions are looked at only where one may name a registry.
    nodes = list(_running(tree, expressions="registered(" in text))
    imports = tuple(sorted(set(_imports(name, path, nodes, source))))
    face = path.name == "__init__.py" and _is_face(tree)
    digest = hashlib.sha256(_code(tree).encode())
    for data in _data_files(path):
        digest.update(data.name.encode() + b"\0" + data.read_bytes())
    return Module(digest.hexdigest()[:8], imports, face)


def _path(name: str, source: Path) -> Path | None:
    base = source.joinpath(*name.split("."))
    candidates = (base.with_name(f"{base.name}.py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _is_face(tree: ast.Module) -> bool:
    """Whether a package's body is a docstring, imports and `__all__`."""

    def hands_on(statement: ast.stmt) -> bool:
        if isinstance(statement, ast.Assign):
            return [ast.unparse(target) for target in statement.targets] == ["__all__"]
        if isinstance(statement, ast.Expr):
            return isinstance(statement.value, ast.Constant)
        return isinstance(statement, (ast.Import, ast.ImportFrom))

    return all(hands_on(statement) for statement in tree.body)


def _running(tree: ast.Module, expressions: bool = False) -> Iterator[ast.AST]:
    """Statements anywhere in a module (inside functions too) but those for type checkers alone."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and _name(node.test) == "TYPE_CHECKING":
            pending += node.orelse
            continue
        pending += ast.iter_child_nodes(node) if expressions else _below(node)
        yield node


def _below(node: ast.AST) -> list[ast.AST]:
    """Statements in the blocks of a statement."""
    blocks = ("body", "orelse", "finalbody", "handlers", "cases")
    return [statement for block in blocks for statement in getattr(node, block, ())]


def _name(expression: ast.expr) -> str:
    """The last part of a dotted name, "" for any other expression."""
    return str(getattr(expression, "id", getattr(expression, "attr", "")))


def _imports(name: str, path: Path, nodes: Iterable[ast.AST], source: Path) -> Iterator[Import]:
    """What the nodes of a module import of the modules below `source`."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (Import(a.name, True) for a in node.names if _path(a.name, source))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - (node.level - 1)] if node.level else []
            stem = ".".join(base + ([node.module] if node.module else []))
            modules = [f"{stem}.{alias.name}" for alias in node.names]
            modules = [module for module in modules if _path(module, source)]
            yield from (Import(module, True) for module in modules)
            if stem and _path(stem, source):
                yield Import(stem, asked=len(modules) < len(node.names))
        elif isinstance(node, ast.Call) and (registry := registry_of(node)):
            yield from (Import(entry, True) for entry in entries(registry[0], source))


def registry_of(call: ast.Call) -> tuple[str, str] | None:
    """Package and attribute that a call of `registered` names, else None.

    Raises:
        ValueError: where they are not literals, and the entries cannot be known.
    """
    if _name(call.func) != "registered":
        return None
    found = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    if len(found) != 2:
        raise ValueError(f"{ast.unparse(call)}: expected two literals")
    return str(found[0]), str(found[1])


def entries(registry: str, source: Path) -> list[str]:
    """Modules of a registry's package."""
    folder = source.joinpath(*registry.split("."))
    return [
        f"{registry}.{path.stem}" for path in sorted(folder.glob("*.py")) if path.stem != "__init__"
    ]


def _code(tree: ast.Module) -> str:
    """Source without docstrings and comments, so that prose edits invalidate nothing."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        pending += _below(node)
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
