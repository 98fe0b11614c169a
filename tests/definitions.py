"""Which definitions of the package use which, read from the source without running it.

Nodes are (module, name) of top-level definitions; edges are the names that a definition takes from module
scope, followed through imports, lazy ones and re-exports included. Annotations do not run and do not count.
"""

import ast
import copy
import symtable
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fingerprint import registry_of

Node = tuple[str, str]
BODY = "<body>"  # statements of a module that are neither imports, definitions nor constants


class Imported(NamedTuple):
    """What a name stands for: a module, or another module's name."""

    module: str
    name: str = ""


class Module:
    """The top level of one module."""

    def __init__(self, name: str, path: Path, known: Iterable[str]) -> None:
        self.name, self.known = name, set(known)
        self.package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
        self.imports: dict[str, Imported] = {}
        self.definitions: dict[str, list[ast.stmt]] = {}
        self.body: list[ast.stmt] = []
        for statement in ast.parse(path.read_text()).body:
            self._take(statement)

    def _take(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self.imports.update(self.resolve(statement))
        elif isinstance(statement, ast.FunctionDef | ast.ClassDef):
            self.definitions.setdefault(statement.name, []).append(statement)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            nodes = [node for target in targets for node in ast.walk(target)]
            for node in nodes:
                if isinstance(node, ast.Name):
                    self.definitions.setdefault(node.id, []).append(statement)
            if any(isinstance(node, ast.Attribute | ast.Subscript) for node in nodes):
                self.body.append(statement)
        elif not (_is_docstring(statement) or _never_runs(statement)):
            self.body.append(statement)

    def resolve(self, node: ast.Import | ast.ImportFrom) -> dict[str, Imported]:
        """Names that an import binds to modules of the package, or to names of them."""
        if isinstance(node, ast.Import):
            found = [alias for alias in node.names if alias.name in self.known and alias.asname]
            return {str(alias.asname): Imported(alias.name) for alias in found}
        base = self.package[: len(self.package) - (node.level - 1)] if node.level else []
        stem = ".".join([*base, *([node.module] if node.module else [])])
        bound = {}
        for alias in node.names:
            if f"{stem}.{alias.name}" in self.known:
                bound[alias.asname or alias.name] = Imported(f"{stem}.{alias.name}")
            elif stem in self.known:
                bound[alias.asname or alias.name] = Imported(stem, alias.name)
        return bound

    def uses(self, statements: list[ast.stmt]) -> Iterator[Node]:
        """What some statements of this module use."""
        for statement in map(_without_annotations, statements):
            bound = dict(self.imports)
            nodes = list(ast.walk(statement))
            local: set[str] = set()
            for node in nodes:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    lazy = self.resolve(node)
                    bound.update(lazy)
                    local |= set(lazy)
            attributes: dict[str, set[str]] = {}
            for node in nodes:
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    attributes.setdefault(node.value.id, set()).add(node.attr)
            for registry in filter(None, map(registry_of, _calls(nodes))):
                package, attribute = registry
                yield from ((name, attribute) for name in self.known if _is_in(name, package))
            for name in _globals(statement) | local:
                if name in self.definitions and name not in local:
                    yield self.name, name
                elif name in bound and bound[name].name:
                    yield bound[name].module, bound[name].name
                elif name in bound:
                    yield from ((bound[name].module, at) for at in attributes.get(name, ()))


class Graph:
    """All definitions of a package below a source folder."""

    def __init__(self, source: Path, package: str) -> None:
        paths = {}
        for path in sorted((source / package).rglob("*.py")):
            parts = path.relative_to(source).with_suffix("").parts
            paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        self.modules = {name: Module(name, path, paths) for name, path in paths.items()}

    def defined(self, node: Node) -> Node:
        """Where a name is defined that may only be handed on."""
        seen = set()
        while node not in seen:
            seen.add(node)
            module = self.modules[node[0]]
            if node[1] in module.definitions or node[1] not in module.imports:
                break
            target = module.imports[node[1]]
            node = (target.module, target.name or BODY)
        return node

    def reached(self, roots: Iterable[Node]) -> set[Node]:
        """Definitions that run, or may run, when the roots do."""
        found: set[Node] = set()
        pending = list(roots)
        while pending:
            node = self.defined(pending.pop())
            module = self.modules.get(node[0])
            if node in found or module is None:
                continue
            found.add(node)
            # A module whose body does something does it for everybody who imports it.
            pending += [(node[0], BODY)]
            statements = module.body if node[1] == BODY else module.definitions.get(node[1], [])
            pending += module.uses(statements)
        return {node for node in found if node[1] != BODY or self.modules[node[0]].body}


def _calls(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    return (node for node in nodes if isinstance(node, ast.Call))


def _is_in(module: str, package: str) -> bool:
    return module.rpartition(".")[0] == package


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _never_runs(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test)


def _without_annotations(statement: ast.stmt) -> ast.stmt:
    statement = copy.deepcopy(statement)
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    argument.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(value=0)
    return statement


def _globals(statement: ast.stmt) -> set[str]:
    """Names that a top-level statement takes from module scope, at any depth."""
    text = ast.unparse(ast.Module(body=[statement], type_ignores=[]))
    names = set()

    def visit(table: symtable.SymbolTable) -> None:
        at_top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (at_top or symbol.is_global()):
                names.add(symbol.get_name())
        for child in table.get_children():
            visit(child)

    visit(symtable.symtable(text, "<statement>", "exec"))
    return names
