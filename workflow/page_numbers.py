"""Numbers of pages: how they are printed, and those that are computed from several cells of their tables."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import yaml
from scipy.optimize import minimize_scalar
from scipy.special import stdtrit

from gradnoise.balance import critical_temperature, diagonal_moments
from gradnoise.claims import related
from gradnoise.claims.balance import laws
from gradnoise.claims.balance.laws import zero
from gradnoise.claims.claim import Claim
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.geometry import fluctuations, isometry
from gradnoise.claims.geometry import relation as of_curvature
from gradnoise.claims.headline import count
from gradnoise.claims.langevin import (
    irreversibility,
    langevin_equation,
    local_law,
    stationary_variance,
    steady_state,
)
from gradnoise.claims.prediction import FEWEST
from gradnoise.clt.columns import COVERED
from gradnoise.clt.gaussian_batch_size import LARGEST
from gradnoise.store.variables import NORMAL

Row = Mapping[Any, Any]

DEFAULT = Path(__file__).parents[1] / "config.yaml"
PUBLISHED = 0.42  # Ziyin, Li and Ueda's temperature of the largest variance at depth 2, over Tc
CEILING = 95.0  # percentage of Gaussian series that the test lets pass
NEAR = 3.0  # points

# Names of the claims on dynamics.
OF_DYNAMICS = [
    claim.name
    for module in (steady_state, stationary_variance, langevin_equation, irreversibility, local_law)
    for claim in module.CLAIMS
]


class Tables(Protocol):
    """The tables behind a page (`pages.Tables`)."""

    folder: Path

    def table(self, name: str) -> pd.DataFrame:
        """One of them."""

    def rows(self, name: str, **key: Any) -> Sequence[Row]:
        """Rows of a key."""


def fixed(value: float, digits: int = 0) -> str:
    """A number with so many decimals."""
    value = float(value)
    if not np.isfinite(value):
        return "none" if np.isnan(value) else "∞" if value > 0 else "−∞"
    return f"{value:.{digits}f}".replace("-", "−") if round(value, digits) else f"{0:.{digits}f}"


def scientific(value: float) -> str:
    """A number of any size with two digits."""
    return f"{value:.1e}".replace("-", "−")


def spread(values: Iterable[float], digits: int = 0) -> str:
    """Least and largest of some numbers."""
    known = [value for value in values if np.isfinite(value)]
    least, largest = fixed(min(known), digits), fixed(max(known), digits)
    return least if least == largest else f"{least} to {largest}"


def value(claim: Row, digits: int = 1) -> str:
    """A claim's measured value with its 95 % interval."""
    said = fixed(claim["measured"], digits)
    ends = claim["lower"], claim["upper"]
    return (
        f"{said} [{', '.join(fixed(end, digits) for end in ends)}]" if ends[0] < ends[1] else said
    )


def measured(claim: Row, digits: int = 1) -> str:
    """What a verdict stands on: value, 95 % interval and what the claim says."""
    threshold = re.sub(r"-?\d+\.\d+", lambda n: f"{float(n[0]):.3g}", claim["threshold"])
    return f"{value(claim, digits)}, claimed {threshold}".replace(" -", " −")


def verdict(claim: Row, digits: int = 1) -> str:
    """A verdict with what it stands on."""
    if pd.isna(claim["measured"]):
        return f"**{claim['verdict']}** ({claim['reason']})"
    return f"**{claim['verdict']}** ({claim['quantity']}: {measured(claim, digits)})"


def cited(claim: Row, digits: int = 1) -> str:
    """A verdict as a row of the map of the paper has it."""
    if pd.isna(claim["measured"]):
        return f"{claim['verdict']}: {claim['reason']}"
    return (
        f"{claim['verdict']} (`{claim['claim']}`: {value(claim, digits)} for {claim['threshold']})"
    )


def setting(overlay: Path, key: str) -> Any:
    """What an overlay, or config.yaml where it says nothing, sets a dotted key to."""
    for path in (overlay, DEFAULT):
        found: Any = yaml.safe_load(path.read_text())
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if found is not None:
            return found
    raise LookupError(f"{overlay}: {key} is not set")


def verdicts(tables: Tables, claims: Iterable[Claim]) -> dict[str, Row]:
    """Verdicts of claims on studies of the whole experiment, reached anew from the page's tables."""
    names = sorted(path.stem for path in tables.folder.glob("*.csv"))
    experiment = Experiment([], [], {name: tables.table(name) for name in names})
    return {claim.name: decide(claim, experiment).claims[0] for claim in claims}


def quantity(tables: Tables, study: str, name: str, digits: int = 2) -> str:
    """A number of a related study with half its 95 % interval.

    Raises:
        LookupError: where the study has no such number.
    """
    (row,) = tables.rows("related_quantities", study=study, quantity=name)
    said = fixed(row["measured"], digits)
    half = stdtrit(min(row["degrees"], 1e9), 0.975) * row["error"]
    return f"{said} ± {fixed(half, digits)}" if half else said


def exact_peak(depth: int, ratio: float | None = None) -> dict[str, float]:
    """Where the exact law's variance is largest, and its variance there or at another temperature over Tc."""
    if ratio is None:
        found = minimize_scalar(
            lambda r: -diagonal_moments(depth, r * critical_temperature()).variance,
            bounds=(0.1, 0.9),
            method="bounded",
        )
        ratio = float(found.x)
    return {
        "ratio": ratio,
        "variance": diagonal_moments(depth, ratio * critical_temperature()).variance,
    }


def prediction(tables: Tables, run: str, epoch: int, batches: int) -> dict[str, float]:
    """How far predicted pass rates are from those measured, over layers and batch sizes.

    Cells are means over repeats. As in the claim: of layers with predictions for half of the coordinates that vary,
    at batch sizes with enough of them.
    """
    found = tables.table("prediction")
    found = found[(found["run"] == run) & (found["epoch"] == epoch) & (found["batches"] == batches)]
    cells = found.groupby(["layer", "batch_size"]).mean(numeric_only=True)
    coverage = cells["coverage"].groupby("layer").mean()
    covered = coverage[coverage >= COVERED]
    kept = cells[cells.index.get_level_values("layer").isin(covered.index)]
    kept = kept[kept["coordinates"] >= FEWEST]
    error = kept["measured_percentage"] - kept["predicted_percentage"]
    return {
        "cells": len(kept),
        "layers": len(coverage),
        "covered": len(covered),
        "coverage": coverage.mean(),
        "least_coverage": coverage.min(),
        "absolute": error.abs().mean(),
        "mean": error.mean(),
        "within": (error.abs() <= NEAR).mean(),
        "ceiling": (kept["measured_percentage"] - CEILING).abs().mean(),
    }


def batch_size_needed(layer: Row) -> str:
    """B* with its 95 % interval; beyond the largest size that is looked at it is not known."""
    name = "gaussian_batch_size"
    said = [_size(layer[column]) for column in (name, f"{name}_lower", f"{name}_upper")]
    return said[0] if said[0] == said[1] == said[2] else f"{said[0]} [{said[1]}, {said[2]}]"


def _size(value: float) -> str:
    return "none" if np.isnan(value) else f"{value:,.0f}" if value <= LARGEST else f"> {LARGEST:,}"


def functions(tables: Tables, root: Path) -> dict[str, Any]:
    """What a template may call: numbers computed from the tables, and settings of overlays under a folder."""
    return {
        "setting": lambda path, key: setting(root / path, key),
        "headline": lambda name, **key: count(pd.DataFrame(tables.rows(name, **key))).sentence,
        "prediction": lambda *key: prediction(tables, *key),
        "balance_verdicts": lambda: verdicts(tables, laws.CLAIMS),
        "geometry_verdicts": lambda: verdicts(
            tables, [*isometry.CLAIMS, *fluctuations.CLAIMS, *of_curvature.CLAIMS]
        ),
        "related_verdicts": lambda: verdicts(tables, related.CLAIMS),
        "studies": related.STUDIES,
        "quantity": lambda *key: quantity(tables, *key),
        "critical": lambda: dict(zip(("ratio", "error"), zero(tables.table("balance_growth")), strict=True)),
        "exact_peak": exact_peak,
        "normal": NORMAL,
        "near": NEAR,
        "ceiling": CEILING,
        "published": PUBLISHED,
        "ratios": lambda first, second: [one / other for one, other in zip(first, second, strict=True)],
        "products": lambda first, second: [one * other for one, other in zip(first, second, strict=True)],
        "of_dynamics": OF_DYNAMICS,
    }  # fmt: skip


FILTERS: dict[str, Callable[..., Any]] = {
    "fixed": fixed,
    "percent": lambda value, digits=0: fixed(100 * value, digits),
    "scientific": scientific,
    "spread": spread,
    "value": value,
    "measured": measured,
    "verdict": verdict,
    "cited": cited,
    "batch_size_needed": batch_size_needed,
    "mean": lambda values: float(np.mean(list(values))),
    "geometric_mean": lambda values: float(np.exp(np.mean(np.log(list(values))))),
    "median": lambda values: float(np.median(list(values))),
}
