"""From a run's tables to components: percentages compared, and other quantities that were repeated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gradnoise.claims.evidence import Evidence, need
from gradnoise.claims.scheme.alike import estimate_alike
from gradnoise.claims.scheme.component import Component
from gradnoise.tables import intervals
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, Cells, Estimates, Scope, estimate
from gradnoise.tables.moderated.sampling import hidden
from gradnoise.tables.scope import REPEATS_NEEDED

GAUSSIAN = "percentage_gaussian"  # constant coordinates count as passing: the paper's convention

DIRECTIONS = "percentage_directions"

MARGIN = 3.0  # points: equality of percentages where the claim gives no margin, and the unit of forest plots


class Cell(NamedTuple):
    """A percentage: of a layer at a batch size, at the last measured epoch, in the column of the case."""

    layer: str
    batch_size: int
    epoch: int | None = None
    column: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ranged:
    """A quantity and the range that a claim says (see `scheme.component.Component`)."""

    label: str
    least: float = -np.inf
    most: float = np.inf
    refuted_below: float = np.nan
    refuted_above: float = np.nan
    family: str = ""
    only_refutes: bool = False
    lowest: float = -np.inf
    highest: float = np.inf
    margin: float = MARGIN

    def component(self, value: float, error: float, degrees: float, **more: Any) -> Component:
        """What was measured, beside its range."""
        names = [field.name for field in fields(Ranged)]
        range_ = {name: getattr(self, name) for name in names} | more
        return Component(value=value, error=error, degrees=degrees, **range_)


@dataclass(frozen=True, kw_only=True)
class Contrast(Ranged):
    """A weighted sum of percentages of one run."""

    cells: Mapping[Cell, float]


@dataclass(frozen=True, kw_only=True)
class Quantity(Ranged):
    """Any other quantity: values by (seed, repeat)."""

    values: pd.Series


def compare(
    run: Evidence, contrasts: Sequence[Contrast], scope: Scope, batches: int, column: str = GAUSSIAN
) -> list[Component]:
    """Percentages of one run, compared.

    Args:
        run: its rows.
        contrasts: what is compared.
        scope: what the errors speak of.
        batches: number of batches that the coordinates were tested with.
        column: of the percentages, where a cell names none.

    Raises:
        NotTestableError: for fewer than three repeats of the draws.
    """
    found = estimates(run, contrasts, scope, batches, column)
    parts = []
    for contrast, value, error, degrees in zip(contrasts, *found, strict=True):
        weights = np.array(list(contrast.cells.values()))
        ends = {
            "lowest": 100 * float(weights[weights < 0].sum()),
            "highest": 100 * float(weights[weights > 0].sum()),
        }
        parts.append(contrast.component(float(value), float(error), float(degrees), **ends))
    return parts


def compare_two(
    first: Evidence,
    ours: Sequence[Contrast],
    second: Evidence,
    theirs: Sequence[Contrast],
    scope: Scope,
    batches: int,
    column: str = GAUSSIAN,
) -> list[Component]:
    """Contrasts of one run minus those of another, which are independent (Welch and Satterthwaite).

    Labels and ranges are those of `ours`.
    """
    one, other = (
        pd.DataFrame(estimates(run, each, scope, batches, column)._asdict()).rename(
            columns={"error": "standard_error"}
        )
        for run, each in ((first, ours), (second, theirs))
    )
    found = intervals.difference(one, other)
    rows = zip(ours, found.itertuples(index=False), strict=True)
    return [
        contrast.component(float(value), float(error), float(degrees))
        for contrast, (value, error, degrees) in rows
    ]


def estimates(
    run: Evidence, contrasts: Sequence[Contrast], scope: Scope, batches: int, column: str = GAUSSIAN
) -> Estimates:
    """`moderated.contrasts.estimate` of a run's percentages; NaN where a percentage does not exist.

    Variances are pooled over all layers and batch sizes of the epochs and columns that the contrasts are about.
    """
    need(run.repeats >= REPEATS_NEEDED, f"{REPEATS_NEEDED} repeats of the draws (noise.repeats)")
    last = run.epochs[-1]
    full = [
        {_full(cell, last, column): weight for cell, weight in contrast.cells.items()}
        for contrast in contrasts
    ]
    used = dict.fromkeys((cell.epoch, cell.column) for one in full for cell in one)
    places = [
        Cell(layer, size, epoch, name)
        for epoch, name in used
        for layer in run.layers.index
        for size in run.sizes
    ]
    cells, there = _cells(run, places, batches)
    row = {cell: place for place, cell in enumerate(there)}
    measured = [m for m, one in enumerate(full) if all(cell in row for cell in one)]
    weights = np.zeros((len(there), len(measured)))
    for m, place in enumerate(measured):
        for cell, weight in full[place].items():
            weights[row[cell], m] = weight
    found = Estimates(*(np.full(len(full), np.nan) for _ in Estimates._fields))
    if measured:
        for whole, part in zip(found, estimate(cells, weights, scope), strict=True):
            whole[measured] = part
    return found


def repeated(quantities: Sequence[Quantity], scope: Scope) -> list[Component]:
    """Quantities with Student's interval over seeds, or over the repeats of the networks measured.

    Raises:
        NotTestableError: where there are fewer than three of them.
    """
    parts = []
    for quantity in quantities:
        table = quantity.values.to_frame()
        (value, error, degrees), *_ = intervals.estimate(
            table, "seed" if scope == ARCHITECTURE else "repeat"
        ).itertuples(index=False)
        if scope != ARCHITECTURE:
            repeats = quantity.values.groupby(level="seed").count().min()
            need(repeats >= REPEATS_NEEDED, f"{REPEATS_NEEDED} repeats of the draws")
        parts.append(quantity.component(float(value), float(error), float(degrees)))
    return parts


def alike(quantities: Sequence[Quantity], scope: Scope) -> list[Component]:
    """Quantities of one kind: each with the variance that all of them have, moderated (see `scheme.alike`).

    Values exist for every seed and repeat.

    Raises:
        NotTestableError: of these networks, for fewer than three repeats.
    """
    table = pd.concat([quantity.values for quantity in quantities], axis=1).sort_index()
    seeds = table.index.unique("seed").size
    values = table.to_numpy(float).reshape(seeds, -1, len(quantities))
    if scope != ARCHITECTURE:
        need(values.shape[1] >= REPEATS_NEEDED, f"{REPEATS_NEEDED} repeats of the draws")
    rows = zip(quantities, *estimate_alike(values, scope), strict=True)
    return [
        quantity.component(float(value), float(error), float(degrees))
        for quantity, value, error, degrees in rows
    ]


def _full(cell: Cell, epoch: int, column: str) -> Cell:
    return cell._replace(
        epoch=epoch if cell.epoch is None else cell.epoch, column=cell.column or column
    )


def _cells(run: Evidence, places: Sequence[Cell], batches: int) -> tuple[Cells, list[Cell]]:
    """Percentages that exist in every seed and repeat; which cells these are."""
    columns = {
        name: _column(run, batches, name) for name in dict.fromkeys(str(c.column) for c in places)
    }
    values, coordinates, within, sizes, there = [], [], [], [], []
    for cell in places:
        key = (cell.epoch, cell.layer, cell.batch_size)
        percentages_of, tested_of, within_of = columns[str(cell.column)]
        if np.isnan(percentages_of[key]).any():
            continue
        values.append(percentages_of[key])
        there.append(cell)
        coordinates.append(tested_of[key])
        within.append(within_of.get(key, np.nan))
        drawn = cell.column == DIRECTIONS  # of infinitely many
        sizes.append(np.inf if drawn else run.layers["size"][cell.layer])
    groups = [(cell.column, cell.layer) for cell in there]
    kinds = [(cell.column, run.layers["operation"][cell.layer]) for cell in there]
    percentages = np.stack(values, axis=-1) if values else np.empty((1, 1, 0))
    tested, known = np.array(coordinates), np.array(within, float)
    share = percentages.mean(axis=(0, 1)) / 100
    unseen = 1e4 * hidden(share, known, tested, np.maximum(tested, sizes))
    cells = Cells(
        percentages,
        _numbered(groups),
        _numbered(kinds),
        tested,
        np.nan_to_num(known),
        np.nan_to_num(unseen),
    )
    return cells, there


def _column(run: Evidence, batches: int, column: str) -> tuple[Mapping[Any, Any], ...]:
    """By (epoch, layer, batch size): percentages (S, R), how many were tested, variance of passing where known."""
    table = run.wide(batches, column)
    seeds, repeats = (table.index.unique(level) for level in ("seed", "repeat"))
    grid = pd.MultiIndex.from_product([seeds, repeats])  # NaN where a seed lacks a repeat
    percentages = table.reindex(grid).to_numpy(float).T.reshape(-1, len(seeds), len(repeats))
    known = run.tested(batches, column).mean(), run.within(batches, column)
    return dict(zip(table, percentages, strict=True)), *(dict(each) for each in known)


def _numbered(names: Sequence[tuple[Any, ...]]) -> Any:
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([places[name] for name in names], np.int64)
