"""Evidence made by hand, for the rules of the claims."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from example_results import CNN
from gradnoise.claims.decision import decide
from gradnoise.claims.evidence import Evidence
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.published import CLAIMS

BY_NAME = {claim.name: claim for claim in CLAIMS}


Percentage = Callable[[str, int, int, int], float]


def evidence(
    percentage: Percentage,
    layers: list[tuple[str, str, int, float]] = CNN,
    model: str = "cnn",
    arguments: Mapping[str, Any] | None = None,
    *,
    name: str = "run",
    seeds: int = 3,
    repeats: int = 6,
    epochs: tuple[int, ...] = (0, 5),
    sizes: tuple[int, ...] = (64, 256, 1024),
    noise: float = 0.3,
    dead: float = 0.0,
    directions: float = 10.0,
    accuracy: float = 0.95,
    learning_rate: float = 0.1,
    significance: float = 0.05,
    coordinates: int = 2000,
    within: float = 0.0,
) -> Evidence:
    """A run whose layers pass at `percentage(layer, epoch, batch size, batches)` among the testable."""
    random = np.random.default_rng(3)
    place = {name: index for index, (name, *_) in enumerate(layers)}
    grid = pd.MultiIndex.from_product(
        [range(seeds), epochs, list(place), sizes, (200, 600), range(1, repeats + 1)],
        names=["seed", "epoch", "layer", "batch_size", "batches", "repeat"],
    )
    rows = grid.to_frame(index=False)
    rows["operation"] = rows["layer"].map({name: kind for name, kind, *_ in layers})
    blocks = rows["layer"].str.extract(r"^block(\d)", expand=False)
    rows["block"] = blocks.astype(float).fillna(0).astype(int)
    rows["coordinates"], rows["share_dirac"] = coordinates, dead
    rows["size"] = rows["layer"].map({name: size for name, _, size, _ in layers})
    exact = [
        percentage(row.layer, row.epoch, row.batch_size, row.batches) for row in rows.itertuples()
    ]
    rows["percentage_testable"] = np.array(exact) + noise * random.standard_normal(len(rows))
    rows["percentage_gaussian"] = (1 - dead) * rows["percentage_testable"] + 100 * dead
    rows["percentage_anderson_darling"] = rows["percentage_testable"] - 1
    rows["percentage_directions"] = rows["percentage_testable"] + directions
    rows["percentage_directions"] = rows["percentage_directions"].clip(0, 100)
    training = pd.DataFrame({"epoch": epochs, "train_accuracy": accuracy})
    settings = {
        "model": {"name": model, "arguments": dict(arguments or {})},
        "training": {"learning_rate": learning_rate},
        "data": {"dataset": "cifar10"},
        "gaussianity": {"significance": significance},
    }
    key = ["seed", "epoch", "layer", "batch_size", "batches"]
    same = rows.drop_duplicates(key)[key].assign(
        **{f"within_{column}": within for column in rows if column.startswith("percentage_")}
    )
    return Evidence(name, settings, rows, training, {"repeatability": same})


def rising(layer: str, epoch: int, size: int, batches: int) -> float:
    return {"conv1": 80.0}.get(layer, 40.0) + {64: 0, 256: 6, 1024: 12}[size]


def row(claim: str, *runs: Evidence, scope: str | None = None) -> dict[str, Any]:
    """The row of a claim in an experiment of these runs: the architecture's, or the only one."""
    rows = decide(BY_NAME[claim], Experiment(runs)).claims
    if len({found["run"] for found in rows if "run" in found}) > 1:
        raise ValueError("more than one subject")
    chosen = {found.get("scope"): found for found in rows}
    return chosen[scope] if scope else chosen.get("the architecture", rows[0])


def verdict(claim: str, *runs: Evidence, scope: str | None = None) -> str:
    return row(claim, *runs, scope=scope)["verdict"]
