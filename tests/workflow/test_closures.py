"""No edit of a module reruns a stage that runs no line of it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from definitions import BODY, Graph, Module
from fingerprint import entries, fingerprint
from gradnoise.store.paths import STUDY_STAGES

SOURCE = Path(__file__).parents[2] / "src"
# Stages from which each takes its input; an edit that reruns one of them reruns it anyway.
ABOVE: dict[str, tuple[str, ...]] = {
    "data": (),
    "training": ("data",),
    "gradients": ("training",),
    "noise": ("gradients",),
    "moments": ("gradients",),
    "gaussianity": ("noise",),
    "clt": ("moments", "gaussianity"),
    "tails": ("noise",),
    "rejection": ("gaussianity", "clt", "tails"),
    "trajectory": ("training",),
    "langevin": ("trajectory",),
    "calibration": (),
    "control": (),
    "balance": (),
    "geometry": (),
    "related": (),
    "tables": ("rejection", "langevin", "balance", "geometry", "related"),
    "claims": ("tables",),
    "report": ("claims", "calibration", "control"),
}
STATISTICS = (
    "gaussianity",
    "clt",
    "tails",
    "rejection",
    "langevin",
    "calibration",
    "control",
    "balance",
    "related",
)
# A job of a study runs its stage's program, and the study that it is told of.
STUDIES = [
    (stage, module)
    for stage in STUDY_STAGES
    for module in entries(f"gradnoise.{stage}.studies", SOURCE)
]
# What one half alone of a module needs that studies import for the other: ensembles of diagonal networks, matrices of laws.
BESIDE = {"gradnoise.balance.population", "gradnoise.model.preservation"}
# Whose import sets something for the whole process: Zarr's configuration, matplotlib's backend; and the package itself,
# with which a program's log begins.
PACKAGE = "gradnoise"
ACTING = {PACKAGE, "gradnoise.store.arrays", "gradnoise.figures.style"}


@pytest.fixture(scope="module")
def graph() -> Graph:
    return Graph(SOURCE, "gradnoise")


@pytest.fixture(scope="module")
def runs(graph: Graph) -> dict[str, set[str]]:
    """Modules of which a stage's program runs a definition."""
    found = {}
    for stage in ABOVE:
        main = f"gradnoise.{stage}.__main__"
        found[stage] = {module for module, _ in graph.reached([(main, "main"), (main, BODY)])}
    return found


def above(stage: str) -> set[str]:
    return set(ABOVE[stage]).union(*(above(one) for one in ABOVE[stage]))


def hands_on(module: Module) -> bool:
    """A package's docstring or face: hashed, never run."""
    return not (set(module.definitions) - {"__all__"}) and not module.body


@pytest.mark.parametrize("stage", ABOVE)
def test_a_stage_depends_on_no_module_of_which_it_runs_nothing(
    graph: Graph, runs: dict[str, set[str]], stage: str
) -> None:
    items = fingerprint(f"gradnoise.{stage}.__main__", SOURCE)
    closure = {item.split("@")[0] for item in items}
    studies = [module for one, module in STUDIES if one in above(stage)]
    rerun_anyway = {PACKAGE}.union(*(runs[one] for one in above(stage)))
    rerun_anyway |= {module for module, _ in graph.reached((each, "STUDY") for each in studies)}
    false = {
        name for name in closure - runs[stage] - rerun_anyway if not hands_on(graph.modules[name])
    }
    assert not false


@pytest.mark.parametrize("stage", ABOVE)
def test_what_a_stage_runs_is_in_its_fingerprint(runs: dict[str, set[str]], stage: str) -> None:
    items = fingerprint(f"gradnoise.{stage}.__main__", SOURCE)
    assert runs[stage] <= {item.split("@")[0] for item in items}


@pytest.mark.parametrize(("stage", "module"), STUDIES)
def test_a_job_of_a_study_depends_on_what_it_runs_and_on_no_other_study(
    graph: Graph, runs: dict[str, set[str]], stage: str, module: str
) -> None:
    items = *fingerprint(f"gradnoise.{stage}.__main__", SOURCE), *fingerprint(module, SOURCE)
    closure = {item.split("@")[0] for item in items}
    run = runs[stage] | {each for each, _ in graph.reached([(module, "STUDY")])}
    assert run <= closure
    false = {each for each in closure - run if not hands_on(graph.modules[each])}
    assert false <= {PACKAGE, *BESIDE}
    assert {other for _, other in STUDIES if other in closure} == {module}


def test_importing_a_module_does_nothing_but_define(graph: Graph) -> None:
    """What makes it sound that a face's imports are not followed."""

    def acts(statement: ast.stmt) -> bool:
        is_main = isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)
        return not is_main

    acting = {name for name, module in graph.modules.items() if any(map(acts, module.body))}
    assert acting <= ACTING


@pytest.mark.parametrize("stage", STATISTICS)
def test_a_statistics_program_imports_no_torch(stage: str) -> None:
    heavy = "{'torch', 'pandas', 'scipy.stats'} & set(sys.modules)"
    program = f"import sys, gradnoise.{stage}.__main__; print(*{heavy})"
    found = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert found.split() == []
