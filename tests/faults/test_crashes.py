"""A stage vanishes at a file operation, as by kill -9 or a power cut: the next attempt ends with the same results."""

import pickle
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import example_experiment
import example_faults
from example_experiment import LONG, Job, TinyExperiment
from example_faults import Operation
from example_outcomes import Outcomes
from gradnoise.store.arrays import create_array, open_unfinished, seal
from gradnoise.store.checksums import LIST
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
    tried, reached = range(0, count, 1 if LONG else 5), 0
    for number in tried:
        example_faults.remove([*outputs, Path(".store.zarr.kept")], tmp_path)
        # Threads that make the same folders need some operations more or fewer: the last may not be reached.
        ended = attempt(number).status
        assert ended == example_faults.KILLED or (ended == 0 and number > 0.9 * count)
        reached += ended == example_faults.KILLED
        if number % 2:
            example_faults.remove(outputs, tmp_path)  # as Snakemake does before the next attempt
        again = attempt(-1)
        assert again.status == 0, f"operation {number}: {again.said}"
        assert example_faults.contents(outputs, tmp_path) == expected, f"operation {number}"
        assert not example_faults.attempts(tmp_path)
    outcomes.add("a crash at a file operation", "a stage in small", identical=reached)


STATES = Path("states")  # folder of what would be on disk, had a job vanished there
LATE = 3  # of the operations from publishing on, in CI
STRIDE = 1 if LONG else 29  # between operations of one kind that are looked at


class State(NamedTuple):
    """What a job has left on disk when it vanishes before an operation.

    Attributes:
        operation: before which.
        spent: whether its work is done then: it is published, or kept.
    """

    operation: Operation
    spent: bool

    @property
    def folder(self) -> Path:
        return STATES / str(self.operation.number)


def kind(operation: Operation) -> str:
    """Files of a store are alike, and processes and their temporary names."""
    place = re.sub(r"(\.work/\w+/).*|[^/]*[0-9][^/]*", r"\1*", operation.target)
    return f"{operation.name} {place}"


def leave_states(job: Job, folder: Path) -> list[State]:
    """Run a job to its end; keep aside what is on disk before its file operations.

    What counts is not the process but what it leaves: one run is enough for all instants. Other threads wait with
    their own operations meanwhile, so that it is what a kill at that instant leaves. In CI of many operations of
    one kind some are enough.
    """
    noted, kinds = folder / "noted", set[str]()

    def note(operation: Operation) -> None:
        if operation.number % STRIDE and kind(operation) in kinds:
            return
        kinds.add(kind(operation))
        place = folder / STATES / str(operation.number)
        while True:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            with suppress(FileNotFoundError, shutil.Error):  # another thread's rename under way
                left = example_faults.traces(job.outputs, folder)
                example_faults.copy(left, folder, place)
                break
        spent = all((place / path).exists() for path in job.outputs) or any(
            path.suffix == ".kept" for path in left
        )
        with noted.open("ab") as file:
            pickle.dump(State(operation, spent), file)

    noted.unlink(missing_ok=True)
    shutil.rmtree(folder / STATES, ignore_errors=True)
    ended = example_experiment.run(job, folder, example_faults.before_operations(note))
    assert ended.status == 0, ended.said
    found = list[State]()
    with noted.open("rb") as file:
        while file.peek():
            found.append(pickle.load(file))
    noted.unlink()
    return found


def chosen(states: list[State], turn: int) -> list[State]:
    """All states, or in CI one amid the work or the last before its end, and some after it."""
    if LONG:
        return states
    working = [state for state in states if not state.spent]
    late = states[len(working) :]
    step = max(1, -(-len(late) // LATE))
    amid = turn * len(working) // 7 % len(working) if turn % 2 else -1
    return [working[amid], *late[turn % step :: step]]


@contextmanager
def set_aside(job: Job, folder: Path) -> Iterator[None]:
    """Remove a job's results; put them back in the end."""
    aside = folder / "aside"
    saved = example_faults.traces(job.outputs, folder)
    example_faults.copy(saved, folder, aside)
    example_faults.remove(saved, folder)
    try:
        yield
    finally:
        example_faults.remove(example_faults.traces(job.outputs, folder), folder)
        example_faults.copy(saved, aside, folder)
        shutil.rmtree(aside)
        shutil.rmtree(folder / STATES, ignore_errors=True)


def restart(job: Job, state: State, folder: Path, whole: dict[str, str], names: list[Path]) -> str:
    """Start a job on what a vanished attempt left; what is wrong then, "" for nothing."""
    number, name, target, torn = state.operation
    example_faults.remove(example_faults.traces(job.outputs, folder), folder)
    place = folder / state.folder
    example_faults.copy(example_faults.traces(job.outputs, place), place, folder)
    if torn is not None:
        example_faults.tear(torn, number % 3 / 2)
    if number % 2:
        example_faults.remove(job.outputs, folder)  # as Snakemake does before the next attempt
    again = example_experiment.run(job, folder)
    where = f"{job.rule}, before operation {number} ({name} {target}): "
    if again.status:
        return where + again.said[-1500:]
    if (found := example_faults.contents(job.outputs, folder)) != whole:
        return where + f"other results: {sorted(set(found.items()) ^ set(whole.items()))}"
    left = example_faults.traces(job.outputs, folder)
    return where + f"left {left}" if left != names else ""


def crash_everywhere(job: Job, folder: Path, turn: int) -> tuple[int, list[str], dict[str, str]]:
    """Let a job vanish at its operations: how many, what is wrong, its whole results."""
    states = leave_states(job, folder)
    whole = example_faults.contents(job.outputs, folder)
    names = example_faults.traces(job.outputs, folder)
    tried = chosen(states, turn)
    said = [restart(job, state, folder, whole, names) for state in tried]
    return len(tried), [each for each in said if each], whole


WORKERS = 4
# Slow ones that publish as calibration and balance do: not in CI.
ALIKE = () if LONG else ("control", "geometry")


@pytest.mark.slow
@pytest.mark.parametrize("part", range(WORKERS))
def test_a_crash_at_any_file_operation_of_a_stage_is_made_good(
    experiment: TinyExperiment, outcomes: Outcomes, part: int
) -> None:
    wrong = []
    rules = [rule for rule in experiment.rules() if rule not in ALIKE]
    for turn, rule in list(enumerate(rules))[part::WORKERS]:
        job = experiment.job(rule)
        with set_aside(job, experiment.folder):
            count, said, whole = crash_everywhere(job, experiment.folder, turn)
            assert whole == experiment.of(job)
        wrong += said
        outcomes.add("a crash at a file operation", rule, identical=count)
    assert not wrong, "\n".join(wrong)


def data(found: dict[str, str]) -> dict[str, str]:
    """Results without their lists of checksums, which know what else they were made from."""
    return {name: value for name, value in found.items() if not name.endswith(LIST)}


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["gradients", "noise"])
def test_a_crash_of_jobs_that_share_a_store_is_made_good(
    experiment: TinyExperiment, outcomes: Outcomes, rule: str
) -> None:
    *parts, joined = experiment.split(rule)
    folder, wrong = experiment.folder, []
    for turn, part in enumerate(parts):
        count, said, _ = crash_everywhere(part, folder, turn)
        wrong += said
        outcomes.add("a crash at a file operation", part.rule, identical=count)
    with set_aside(joined, folder):
        # Killed between the parts: one is there, and the last has done nothing.
        aside = folder / "last"
        (folder / parts[-1].outputs[0]).rename(aside)
        early = example_experiment.run(joined, folder)
        assert early.line.endswith("expected a part of a store, found none; run again"), early.said
        aside.rename(folder / parts[-1].outputs[0])
        count, said, whole = crash_everywhere(joined, folder, 1)
        assert data(whole) == data(experiment.of(joined))  # as if one job had made it
        outcomes.add("a crash at a file operation", joined.rule, identical=count)
    for part in parts:
        example_faults.remove(example_faults.traces(part.outputs, folder), folder)
    assert not wrong + said, "\n".join(wrong + said)
