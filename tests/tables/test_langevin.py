"""Tables of what the langevin stage wrote."""

from pathlib import Path

import numpy as np
import pytest

from example_trajectories import FOLLOWED, VARIANTS, analysed, write_results
from gradnoise.errors import InputError
from gradnoise.tables import langevin


def test_a_row_per_direction_and_a_row_per_subspace_in_the_declared_columns(tmp_path: Path) -> None:
    write_results(tmp_path)
    tables = langevin.read(tmp_path, {"toy": FOLLOWED})
    assert {name: list(table.columns) for name, table in tables.items()} == {
        name: [column.name for column in columns] for name, columns in langevin.COLUMNS.items()
    }
    rows, numbers = tables["langevin"], tables["langevin_subspaces"]
    assert list(numbers["variant"]) == list(VARIANTS)
    assert (numbers[["run", "seed", "epoch", "subspace"]] == ["toy", 1, 4, "model"]).all(axis=None)
    plain = rows[rows["variant"] == "plain"]
    assert list(plain["kind"]) == ["eigenvector"] * 4 + ["random"]
    found = analysed("plain")
    assert np.array_equal(plain["variance"], found.directions["variance"])
    assert numbers["commutator"][0] == found.numbers["commutator"]


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"plain/model\.h5: expected a complete langevin file"):
        langevin.read(tmp_path, {"toy": FOLLOWED})


def test_without_trajectories_the_tables_have_their_columns_and_no_rows(tmp_path: Path) -> None:
    tables = langevin.read(tmp_path, {"toy": {**FOLLOWED, "followed": []}})
    for name, table in tables.items():
        assert len(table) == 0
        assert list(table.columns) == [column.name for column in langevin.COLUMNS[name]]


def test_every_seed_and_subspace_has_its_own_file() -> None:
    measured = {
        "a": {"followed": [3, 1], "last_epoch": 7, "variants": ["v", "w"], "subspaces": ["model"]},
        "b": {"followed": [2], "last_epoch": 5, "variants": ["v"], "subspaces": ["x.weight", "model"]},
    }  # fmt: skip
    folder = Path("results")
    assert [str(source.path(folder)) for source in langevin.sources(measured)] == [
        "results/a/seed-3/epoch-7/langevin/v/model.h5",
        "results/a/seed-3/epoch-7/langevin/w/model.h5",
        "results/a/seed-1/epoch-7/langevin/v/model.h5",
        "results/a/seed-1/epoch-7/langevin/w/model.h5",
        "results/b/seed-2/epoch-5/langevin/v/x.weight.h5",
        "results/b/seed-2/epoch-5/langevin/v/model.h5",
    ]
