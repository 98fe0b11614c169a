"""Write docs/results.md: what every file of results holds, from the declarations beside their writers.

python workflow/dictionary.py
"""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from gradnoise.related.catalogue import modules
from gradnoise.related.conduct import load
from gradnoise.store.paths import STUDY_STAGES, Checkpoint, Paths
from gradnoise.store.registry import registered
from gradnoise.store.studies import declared
from gradnoise.store.variables import Variable

PAGE = Path(__file__).parents[1] / "docs" / "results.md"
PATHS = Paths("{output}")
AT = Checkpoint()
# Files in the order of the pipeline: where one lies, the module that declares it, and what it is.
FILES = (
    (PATHS.data(), "gradnoise.data.variables", "A data set, HDF5."),
    (PATHS.gradients(AT), "gradnoise.gradients.store", "Per-sample gradients, Zarr."),
    (PATHS.noise(AT), "gradnoise.noise.store", "Mini-batch noise of one repeat, Zarr."),
    (PATHS.moments(AT), "gradnoise.moments.store", "Moments of the per-sample gradient, Zarr."),
    (PATHS.layer("gaussianity", AT), "gradnoise.gaussianity.results", "Tests of a layer, HDF5."),
    (PATHS.layer("clt", AT), "gradnoise.clt.results", "How fast a layer becomes Gaussian, HDF5."),
    (PATHS.layer("tails", AT), "gradnoise.tails.results", "Tails of a layer, HDF5."),
    (
        PATHS.rejection(AT),
        "gradnoise.rejection.results",
        "A checkpoint at a level of the test, a group a layer, HDF5.",
    ),
    (PATHS.trajectory(AT), "gradnoise.trajectory.store", "SGD of several replicas, Zarr."),
    (PATHS.langevin(AT), "gradnoise.langevin.variables", "What a trajectory says, HDF5."),
)
INTRODUCTION = """# What the results hold

Written by `python workflow/dictionary.py` from the declarations beside the code that writes the files; a test holds the
two together. Arrays carry the same `units` and `long_name` as attributes, and their dimensions' names. Units: `1` is a
pure number; nothing, a name or a flag. `{...}` in a path or a group stands for every one there is.
"""
CARD = """Every run's settings, numbers per layer and verdicts, JSON; `{run}` is a run's name, `[]` stands for the entries
of a list, and what does not exist is null. `python -m gradnoise.report compare a.json b.json --output compare.html`
draws cards side by side."""


def page() -> str:
    """The whole page, Markdown."""
    parts = [INTRODUCTION, "## Files by stage"]
    for path, name, title in FILES:
        module = import_module(name)
        parts.append(f"### `{path}`\n\n{title} Declared in `{name}`.")
        parts += [
            f"Group `{group}`:\n\n{arrays(variables)}" if group else arrays(variables)
            for group, variables in module.ARRAYS.items()
        ]
        tables: Mapping[str, tuple[Variable, ...]] = getattr(module, "TABLES", {})
        parts += [f"Table `{table}`:\n\n{columns(each)}" for table, each in tables.items()]
        for attributes in ("NUMBERS", "DYNAMICS"):
            if hasattr(module, attributes):
                parts.append(f"Attributes of the file:\n\n{columns(getattr(module, attributes))}")
    parts += studies()
    parts.append(f"## Tables\n\nCSV files in `{PATHS.tables}/`.")
    of_runs = import_module("gradnoise.tables.columns").COLUMNS
    parts += [f"### `{name}.csv`\n\n{columns(each)}" for name, each in of_runs.items()]
    for stage in STUDY_STAGES:
        made = declared(stage, registered(f"gradnoise.{stage}.studies", "STUDY"))
        parts += [f"### `{name}.csv`\n\n{columns(each)}" for name, each in made.items()]
    quantities = import_module("gradnoise.tables.related").COLUMNS
    parts.append(f"### `related_quantities.csv`\n\n{columns(quantities)}")
    parts.append("## Checks and verdicts")
    for path, name in (
        (PATHS.calibration, "gradnoise.calibration.results"),
        (PATHS.control, "gradnoise.control.results"),
        (PATHS.claims, "gradnoise.claims.results"),
        (PATHS.claim_components, "gradnoise.claims.results"),
    ):
        each = import_module(name).TABLES[Path(path).stem]
        parts.append(f"### `{path}`\n\n{columns(each)}")
    card = import_module("gradnoise.report.cards.schema").CARD
    parts.append(f"### `{PATHS.noise_card}`\n\n{CARD}\n\n{columns(card)}")
    return "\n\n".join(parts) + "\n"


def studies() -> list[str]:
    """The files of the related studies: what all of them hold, and every one's arrays."""
    module = "gradnoise.related.results"
    table = columns(import_module(module).TABLES["quantities"])
    parts = [
        f"### `{PATHS.study()}`\n\nA related study, HDF5. Declared in `{module}` and the study's module.",
        f"Table `quantities`:\n\n{table}",
    ]
    return parts + [f"Study `{name}`:\n\n{arrays(load(name).variables)}" for name in modules()]


def arrays(variables: Iterable[Variable]) -> str:
    """Rows of a table of arrays."""
    rows = (
        f"| `{each.name}` | {', '.join(each.dimensions)} | {each.units} | {_text(each)} |"
        for each in variables
    )
    return "\n".join(["| array | dimensions | units | meaning |", "|---|---|---|---|", *rows])


def columns(variables: Iterable[Variable]) -> str:
    """Rows of a table of columns."""
    rows = (f"| `{each.name}` | {each.units} | {_text(each)} |" for each in variables)
    return "\n".join(["| column | units | meaning |", "|---|---|---|", *rows])


def _text(variable: Variable) -> str:
    return variable.long_name.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
