"""A stage vanishes at a file operation, as by kill -9 or a power cut: the next attempt ends with the same results."""

from pathlib import Path

import numpy as np
import pytest

import example_faults
from example_outcomes import Outcomes
from gradnoise.store.arrays import create_array, open_unfinished, seal
from gradnoise.store.tables import write_table
from gradnoise.store.variables import Variable
from gradnoise.store.work_area import WorkArea


def toy(folder: Path) -> None:
    """A stage in small: two parts of a store, resumable, and a table beside it."""
    targets = {"store.zarr": folder / "store.zarr", "table.csv": folder / "table.csv"}
    with WorkArea(folder / "store.zarr", {"settings": 1}, targets) as area:
        if area.published:
            return
        store = open_unfinished(area.path / "store.zarr")
        store.attrs.update({"seed": 7})
        values = Variable("values", "numbers", "1", ("sample", "coordinate"))
        for part in ("one", "two"):
            if part not in area.finished:
                group = store.require_group(part)
                create_array(group, values, (5, 4), (2, 2), (4, 4))[...] = np.arange(20.0).reshape(
                    5, 4
                )
                area.finish(part)
        write_table(area.path / "table.csv", [{"epoch": 1, "loss": 0.5}])
        seal(store)
        area.publish()


@pytest.mark.slow
def test_a_crash_at_any_file_operation_of_a_stage_in_small_is_made_good(
    tmp_path: Path, outcomes: Outcomes
) -> None:
    outputs = [Path("store.zarr"), Path("table.csv")]

    def attempt(number: int) -> example_faults.Ended:
        def program() -> None:
            example_faults.crash_at(number, tmp_path / "operations")()
            toy(Path())

        return example_faults.wait(example_faults.forked(program, tmp_path), tmp_path)

    assert attempt(-1).status == 0
    count = len((tmp_path / "operations").read_text().splitlines())
    expected = example_faults.contents(outputs, tmp_path)
    assert len(expected) > 8
    assert count > 100
    for number in range(count):
        example_faults.remove([*outputs, Path(".store.zarr.kept")], tmp_path)
        assert attempt(number).status == example_faults.KILLED
        if number % 2:
            example_faults.remove(outputs, tmp_path)  # as Snakemake does before the next attempt
        again = attempt(-1)
        assert again.status == 0, f"operation {number}: {again.said}"
        assert example_faults.contents(outputs, tmp_path) == expected, f"operation {number}"
        assert not example_faults.attempts(tmp_path)
    outcomes.add("a crash at a file operation", "a stage in small", identical=count)
