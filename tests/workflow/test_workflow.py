"""What runs again after an edit: every edit of the small experiment is judged by a dry run and undone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from example_project import append, new_data, overlay, replace, touch_all, would_run
from gradnoise.figures import catalogue


def figures(*unmet: str, coloured: bool = False) -> int:
    """Number of figures of a run that does not meet some of the catalogue's conditions; all, or those with its colours."""
    entries = [entry for entry in catalogue.entries().values() if not entry.study]
    entries = [entry for entry in entries if entry.coloured or not coloured]
    return sum(not set(entry.needs) & set(unmet) for entry in entries)


# Trajectories of both runs have no momentum.
FIGURES = 2 * figures("momentum")
# Jobs of the small experiment, per run: two checkpoints, two repeats, one and two weight matrices that share a job.
DOWNSTREAM = {"tables": 1, "figures": FIGURES, "claims": 1, "report": 1}
DOWNSTREAM |= {
    "shared_figures": 2
}  # of one study of the balance stage, and one of the geometry stage
STATISTICS = {"gaussianity": 4, "clt": 4, "tails": 4, "rejection": 4, **DOWNSTREAM}
SAMPLING = {"gradients": 4, "moments": 4, "noise": 8, **STATISTICS}
# A trajectory of each run, in the span of one weight matrix, or two, and of the whole model.
FOLLOWED = {"trajectory": 2, "langevin": 5}
TRAINING = {"training": 2, **SAMPLING, **FOLLOWED}
OWN = {"gradients": 2, "moments": 2, "noise": 4, **STATISTICS}
OWN |= {"gaussianity": 2, "clt": 2, "tails": 2, "rejection": 2, "trajectory": 1, "langevin": 3}
EDITS: dict[str, tuple[Callable[[Path], None], dict[str, int]]] = {
    "nothing": (lambda project: None, {}),
    "a colour in the config": (
        overlay("figures", colours=["#000000", "#111111", "#222222"]),
        {
            **{"figures": 2 * figures("momentum", coloured=True), "shared_figures": 2},
            **{"related_figures": 1, "report": 1},
        },
    ),
    "a figure's source": (
        append("src/gradnoise/figures/training_curves.py", "\nEDITED = 1\n"),
        {"figures": 2, "report": 1},
    ),
    "a figure's caption": (
        replace("src/gradnoise/figures/training_curves.py", '"""', '"""The '),
        {"report": 1},
    ),
    "the significance level": (
        overlay("gaussianity", significance=0.01),
        {"calibration": 1, "rejection": 4, **DOWNSTREAM},
    ),
    "the number of batches": (
        overlay("noise", batches=40),
        {"noise": 8, **STATISTICS},
    ),
    "one repeat more": (
        overlay("noise", repeats=3),
        {"noise": 4, **STATISTICS},
    ),
    "one checkpoint less": (
        overlay("noise", checkpoints=[1]),
        DOWNSTREAM | {"figures": FIGURES - 2},
    ),
    "the learning rate": (overlay("training", learning_rate=0.02), TRAINING),
    "two swapped settings": (
        overlay("training", learning_rate=0.9, momentum=0.05),
        TRAINING,
    ),
    "a comment": (append("src/gradnoise/training/__main__.py", "# a remark\n"), {}),
    "a docstring": (replace("src/gradnoise/stage.py", '"""The edge', '"""The outer edge'), {}),
    "a module of one stage": (
        append("src/gradnoise/calibration/checks.py", "\nEDITED = 1\n"),
        {"calibration": 1, "report": 1},
    ),
    "the training's source": (
        append("src/gradnoise/training/__main__.py", "\nEDITED = 1\n"),
        TRAINING,
    ),
    "the share of Gaussian coordinates that B* asks for": (
        overlay("clt", share=0.8),
        {"clt": 4, "rejection": 4, **DOWNSTREAM},
    ),
    "an estimator of the tail index": (
        overlay("tails", methods=["ecf", "mcculloch"]),
        {"tails": 4, "rejection": 4, **DOWNSTREAM},
    ),
    "the steps of a trajectory": (overlay("trajectory", steps=240), FOLLOWED | DOWNSTREAM),
    "the momentum of no recorded variant": (
        overlay("trajectory", variant_definitions={"momentum": {"momentum": 0.5}}),
        {"report": 1},
    ),
    "the lags that are kept": (overlay("langevin", lags=10), {"langevin": 5, **DOWNSTREAM}),
    "the control's seed": (overlay("control", seed=1), {"control": 1, "report": 1}),
    "the number of networks": (overlay("geometry", networks=3), {"geometry": 1, **DOWNSTREAM}),
    "the repeats of one study": (
        overlay("related", own={"implicit_sgd": {"repeats": 3}}),
        {"related": 1, "related_figures": 1, **DOWNSTREAM},
    ),
    "the source of a study that was not made": (
        append("src/gradnoise/related/studies/exact/sgld.py", "\nEDITED = 1\n"),
        {"claims": 1, "report": 1},
    ),
    "the source of one study": (
        append("src/gradnoise/balance/studies/crossings.py", "\nEDITED = 1\n"),
        {"balance": 1, **DOWNSTREAM},
    ),
    "the source of another study of the same stage": (
        append("src/gradnoise/balance/studies/norms.py", "\nEDITED = 1\n"),
        {},
    ),
    "a depth more": (overlay("geometry", depths=[3, 4]), {"geometry": 1, **DOWNSTREAM}),
    "the replicas of an ensemble": (overlay("balance", replicas=200), {"balance": 1, **DOWNSTREAM}),
    "a package data file": (append("src/gradnoise/report/template.html", "<p>\n"), {"report": 1}),
    "a user's model": (
        replace("own_network.py", "nn.Tanh", "nn.ReLU"),
        {"training": 1, **OWN},
    ),
    "a user's loss": (
        replace("own_loss.py", "losses.sum(1)", "2 * losses.sum(1)"),
        {"training": 1, **OWN},
    ),
    # Distances are given the tests of their group's layers; they are taken back, since a layer's own are the same.
    "which layers share a job": (
        replace("workflow/groups.py", "SECONDS = 20.0", "SECONDS = 0.0"),
        {"clt": 4, "rejection": 2, **DOWNSTREAM},
    ),
    "a comment in a user's loss": (append("own_loss.py", "# a remark\n"), {}),
    "a comment in a user's model": (append("own_network.py", "# a remark\n"), {}),
    "a user's data file": (new_data, {"data": 1, "training": 1, **OWN}),
    "file times only": (touch_all, {}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_invalidates_exactly_the_stages_that_depend_on_it(
    restored: Path, name: str
) -> None:
    edit, expected = EDITS[name]
    edit(restored)
    assert would_run(restored) == expected


@pytest.mark.slow
def test_restoring_an_edit_leaves_nothing_to_be_done(restored: Path) -> None:
    path = restored / "src/gradnoise/training/__main__.py"
    text = path.read_text()
    path.write_text(text + "\nEDITED = 1\n")
    assert would_run(restored)["training"] == 2
    path.write_text(text)
    assert would_run(restored) == {}
