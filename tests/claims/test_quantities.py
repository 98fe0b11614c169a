"""From tables to components."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from example_claims import evidence, rising
from gradnoise.claims.evidence import NotTestableError
from gradnoise.claims.quantities import (
    Cell,
    Contrast,
    Quantity,
    alike,
    compare,
    compare_two,
    estimates,
    repeated,
)
from gradnoise.claims.scheme.alike import estimate_alike
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, NETWORKS, Cells, estimate
from gradnoise.tables.moderated.sampling import hidden

VALUES = np.random.default_rng(5).normal([1, 2, 4, 8], 1.5, (3, 4, 4))
INDEX = pd.MultiIndex.from_product([(7, 8, 9), (1, 2, 3, 4)], names=["seed", "repeat"])


def quantities() -> list[Quantity]:
    flat = VALUES.reshape(12, 4)
    return [
        Quantity(label=str(k), values=pd.Series(flat[:, k], INDEX).sample(frac=1, random_state=k))
        for k in range(4)
    ]


@pytest.mark.parametrize("scope", [ARCHITECTURE, NETWORKS])
def test_quantities_of_one_kind_share_what_their_variances_are(scope):
    found, expected = alike(quantities(), scope), estimate_alike(VALUES, scope)
    assert [part.label for part in found] == ["0", "1", "2", "3"]
    assert [part.value for part in found] == pytest.approx(expected.value.tolist())
    assert [part.error for part in found] == pytest.approx(expected.error.tolist())
    assert [part.degrees for part in found] == pytest.approx(expected.degrees.tolist())


def test_other_quantities_have_students_interval():
    part = repeated(quantities()[2:3], ARCHITECTURE)[0]
    seeds = VALUES[..., 2].mean(axis=1)
    assert (part.value, part.error) == pytest.approx((seeds.mean(), seeds.std(ddof=1) / 3**0.5))
    assert part.degrees == 2


@pytest.mark.parametrize("measure", [alike, repeated])
def test_two_repeats_decide_nothing(measure):
    few = [
        Quantity(label=one.label, values=one.values[one.values.index.get_level_values(1) < 3])
        for one in quantities()
    ]
    with pytest.raises(NotTestableError, match="needs 3 repeats of the draws"):
        measure(few, NETWORKS)
    assert len(measure(few, ARCHITECTURE)) == 4


def test_contrasts_have_the_bounds_of_percentages():
    run = evidence(rising)
    contrast = Contrast(label="x", cells={Cell("conv1", 64): 1.0, Cell("conv2", 64): -0.5}, least=0)
    (part,) = compare(run, [contrast], NETWORKS, 200)
    assert (part.lowest, part.highest) == (-50.0, 100.0)
    assert part.value == pytest.approx(80 - 20, abs=0.3)


def test_a_percentage_that_does_not_exist_has_no_value():
    run = evidence(rising)
    run.rows.loc[run.rows["layer"] == "conv2", "percentage_gaussian"] = np.nan
    there = Contrast(label="there", cells={Cell("conv1", 64): 1.0})
    missing = Contrast(label="missing", cells={Cell("conv1", 64): 1.0, Cell("conv2", 64): -1.0})
    first, second = compare(run, [there, missing], NETWORKS, 200)
    assert first.value == pytest.approx(80, abs=0.3)
    assert np.isnan([second.value, second.error]).all()


LAST, FIRST = Cell("linear1", 256), Cell("conv2", 64, 0, "percentage_directions")


def different(seed: int = 1):
    """A run of three seeds and four repeats of which no two numbers agree."""
    run = evidence(rising, seeds=3, repeats=4, sizes=(64, 256), directions=3.0)
    random, count = np.random.default_rng(seed), len(run.rows)
    rows = run.rows.assign(
        coordinates=random.integers(300, 900, count), share_dirac=random.uniform(0, 0.3, count)
    )
    for name in ("percentage_gaussian", "percentage_directions"):
        rows[name] = random.uniform(20, 80, count)
    cells = rows.drop_duplicates(["seed", "epoch", "layer", "batch_size", "batches"])
    within = {f"within_{n}": random.uniform(0, 0.2, len(cells)) for n in rows if "percentage" in n}
    settings = {**run.settings, "noise": {"directions": 150}}
    return replace(
        run, rows=rows, settings=settings, statistics={"repeatability": cells.assign(**within)}
    )


@pytest.mark.parametrize("scope", [ARCHITECTURE, NETWORKS])
def test_contrasts_are_those_of_cells_looked_up_one_by_one(scope):
    run = different()
    contrast = Contrast(label="x", cells={LAST: 1.0, FIRST: -0.5}, least=0)
    found = estimates(run, [contrast], scope, 600)
    values, tested, within, sizes, layers, kinds, weights = ([] for _ in range(7))
    names = list(run.layers.index)
    repeatability = run.statistics["repeatability"]
    # All layers and batch sizes of the two epochs and columns that the contrast is about.
    for place, (epoch, column) in enumerate(((5, "percentage_gaussian"), (0, "percentage_directions"))):  # fmt: skip
        for layer in names:
            for size in (64, 256):
                here = {"epoch": epoch, "layer": layer, "batch_size": size, "batches": 600}
                rows = run.rows[(run.rows[list(here)] == pd.Series(here)).all(axis=1)]
                values.append(rows.sort_values(["seed", "repeat"])[column].to_numpy().reshape(3, 4))
                tested.append(150 if place else rows["coordinates"].mean())
                same = repeatability[(repeatability[list(here)] == pd.Series(here)).all(axis=1)]
                within.append(same[f"within_{column}"].mean())
                # Conv1 has fewer weights than the rows say were tested.
                most = max(rows["size"].iloc[0], tested[-1])
                sizes.append(np.inf if place else most)
                layers.append(names.index(layer) + len(names) * place)
                kinds.append(2 * place + layer.startswith("linear"))
                cell = (layer, size, epoch)
                weights.append({("linear1", 256, 5): 1.0, ("conv2", 64, 0): -0.5}.get(cell, 0.0))
    percentages = np.stack(values, -1)
    numbers = [np.array(each, float) for each in (within, tested, sizes)]
    unseen = 1e4 * hidden(percentages.mean(axis=(0, 1)) / 100, *numbers)
    cells = Cells(percentages, np.array(layers), np.array(kinds), numbers[1], numbers[0], unseen)
    expected = estimate(cells, np.array(weights)[:, None], scope)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other)


def test_contrasts_of_two_runs_are_independent():
    runs = different(1), different(2)
    ours = Contrast(label="ours", cells={LAST: 1.0}, most=2.0, margin=7.0)
    theirs = Contrast(label="theirs", cells={FIRST: 1.0}, least=9.0)
    (part,) = compare_two(runs[0], [ours], runs[1], [theirs], NETWORKS, 200)
    (one,), (other,) = (
        compare(run, [each], NETWORKS, 200) for run, each in zip(runs, (ours, theirs), strict=True)
    )
    assert (part.label, part.least, part.most, part.margin) == ("ours", -np.inf, 2.0, 7.0)
    assert part.value == pytest.approx(one.value - other.value)
    squares = one.error**2, other.error**2
    assert part.error == pytest.approx(np.sqrt(sum(squares)))
    welch = sum(squares) ** 2 / (squares[0] ** 2 / one.degrees + squares[1] ** 2 / other.degrees)
    assert part.degrees == pytest.approx(welch)


def test_a_seed_that_lacks_a_repeat_has_no_such_cell():
    run = different()
    gone = (run.rows["seed"] == 1) & (run.rows["repeat"] == 3) & (run.rows["layer"] == "conv1")
    cut = replace(run, rows=run.rows[~gone])
    contrasts = [Contrast(label=name, cells={Cell(name, 64): 1.0}) for name in ("conv1", "conv2")]
    missing, there = compare(cut, contrasts, NETWORKS, 200)
    assert np.isnan(missing.value)
    mine = cut.rows[(cut.rows["layer"] == "conv2") & (cut.rows["batch_size"] == 64)]
    mine = mine[(mine["epoch"] == 5) & (mine["batches"] == 200)]
    assert there.value == pytest.approx(mine["percentage_gaussian"].mean())


def test_a_quantity_keeps_all_that_its_range_says():
    said = {
        **{"least": 1.0, "most": 2.0, "refuted_below": 0.5, "refuted_above": 2.5, "family": "f"},
        **{"only_refutes": True, "lowest": 0.1, "highest": 9.0, "margin": 0.7},
    }
    part = Quantity(label="x", values=pd.Series(dtype=float), **said).component(1.5, 0.2, 6)
    assert {name: getattr(part, name) for name in said} == said
    assert (part.label, part.value, part.error, part.degrees) == ("x", 1.5, 0.2, 6)
    assert Contrast(label="x", cells={}).component(0, 1, 2).margin == 3.0
