"""Which figures there are: every module below this package that declares what it needs.

A figure is one module. Its docstring is what readers of the report see: the first line is the title, the
rest the caption. Constants say when it can be drawn and from what:

    READS = "clt"                     stage whose per-layer files it reads besides the tables, or ""
    SUBSPACE = MODEL                  of these the ones of a single subspace (trajectories only; optional)
    NEEDS = ("noise", "moments")      of CONDITIONS, what a run must have
    STUDY = "transition"              study of the stage named by the figure's folder whose tables it shows, for all
                                      runs together; it needs nothing else (optional)

They are read from the source and not imported: rules and report must not depend on how a figure is drawn.

Every related study has a figure too, by its own name, which `gradnoise.figures.related` draws; title and caption are
literals of its declaration.
"""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from gradnoise.related.catalogue import modules
from gradnoise.trajectory.names import MODEL

# What `NEEDS` may ask of a run.
CONDITIONS = {
    "noise": "its noise is sampled, at one checkpoint at least",
    "epochs": "its noise is sampled at several epochs",
    "moments": "moments of the per-sample gradients are measured",
    "stored_gradients": "per-sample gradients may be stored",
    "own_training": "it trains its networks itself, and borrows them from no other run",
    "trajectories": "trajectories are followed",
    "momentum": "a trajectory has momentum",
}

LAYER_STAGES = ("gaussianity", "clt", "rejection", "langevin")

# Order on the page, the headline first; figures that are not named here follow in the order of their names.
ORDER = (
    "percentage_by_batch_size",
    "percentage_by_epoch",
    "training_curves",
    "predicted_pass_rates",
    "gaussian_batch_size",
    "third_moments",
    "berry_esseen",
    "tail_indices",
    "tail_examples",
    "stationary_histograms",
    "variance_against_curvature",
    "temperature",
    "area_rates",
    "entropy_production",
    "phase_portrait",
    "relaxation",
    "coordinates",
    "transition",
    "stationary_laws",
    "crossings",
    "balance_in_training",
    "jacobian_and_fisher",
    "learning_rates",
    "geometry_in_training",
    "fluctuations_with_depth",
    "fisher_hessian_noise",
)

HEADLINE = ORDER[0]

HERE = Path(__file__).parent


class Entry(NamedTuple):
    """What a figure's module says of itself.

    Attributes:
        name: of the module, and of the figure in file names.
        module: to run, dotted.
        title, caption: its docstring.
        reads: stage whose per-layer files it reads besides the tables, or "".
        subspace: the only subspace that it reads, or "" for all.
        coloured: whether it looks at the config's colours, which `style.apply` returns.
        needs: conditions that a run must meet.
        study: `stage.study` of the whole experiment that it shows, or "" for a run's figure.
    """

    name: str
    module: str
    title: str
    caption: str
    reads: str
    subspace: str
    needs: tuple[str, ...]
    study: str = ""
    coloured: bool = True


@cache
def entries(folder: Path = HERE) -> dict[str, Entry]:
    """All figures by name, in the order of the page.

    Args:
        folder: of the package `gradnoise.figures`.

    Raises:
        ValueError: names the module that declares something unknown, lacks a title, or has another's name.
    """
    found: dict[str, Entry] = {}
    for path in sorted(folder.rglob("*.py")):
        entry = _entry(path, folder)
        if entry is None:
            continue
        if entry.name in found:
            raise ValueError(f"{entry.module}: {found[entry.name].module} has the same name")
        found[entry.name] = entry
    if folder == HERE:
        found |= {name: _of_study(name, module) for name, module in modules().items()}
    return {name: found[name] for name in sorted(found, key=_place)}


def _of_study(name: str, module: str) -> Entry:
    """The figure of a related study."""
    path = HERE.parent.joinpath(*module.split(".")[1:]).with_suffix(".py")
    (call,) = (
        node
        for node in ast.walk(ast.parse(path.read_text(), filename=str(path)))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Study"
    )
    words = {
        keyword.arg: ast.literal_eval(keyword.value)
        for keyword in call.keywords
        if keyword.arg in ("title", "caption")
    }
    drawn_by = "gradnoise.figures.related"
    return Entry(name, drawn_by, **words, reads="", subspace="", needs=(), study=f"related.{name}")


def _place(name: str) -> tuple[int, str]:
    return (ORDER.index(name) if name in ORDER else len(ORDER)), name


def _value(node: ast.expr) -> Any:
    """A literal, or the name of the subspace over all parameters."""
    return MODEL if isinstance(node, ast.Name) and node.id == "MODEL" else ast.literal_eval(node)


def _entry(path: Path, folder: Path) -> Entry | None:
    """A module's declarations; None where it is no figure."""
    # Declarations stand above all definitions: Snakemake reads them whenever it starts, and the rest is long.
    text = path.read_text()
    head = re.split(r"^(?:def|class|@)", text, maxsplit=1, flags=re.M)[0]
    tree = ast.parse(head, filename=str(path))
    declared = {
        target.id: _value(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in ("READS", "SUBSPACE", "NEEDS", "STUDY")
    }
    if not {"NEEDS", "STUDY"} & set(declared):
        return None
    module = ".".join(["gradnoise.figures", *path.relative_to(folder).with_suffix("").parts])
    title, _, caption = (ast.get_docstring(tree) or "").partition("\n")
    reads, needs = declared.get("READS", ""), declared.get("NEEDS", ())
    study = f"{path.parent.name}.{declared['STUDY']}" if "STUDY" in declared else ""
    unknown = sorted(set(needs) - set(CONDITIONS)) + [reads] * (reads not in ("", *LAYER_STAGES))
    if unknown or not title:
        raise ValueError(f"{module}: found title {title!r}, unknown declarations {unknown}")
    caption = " ".join(caption.split())
    subspace = declared.get("SUBSPACE", "")
    coloured = re.search(r"= style\.apply\(", text) is not None
    return Entry(path.stem, module, title, caption, reads, subspace, needs, study, coloured)
