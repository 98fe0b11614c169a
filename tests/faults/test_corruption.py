"""A published file is damaged: the stage that reads it says so in a line, and what the line advises makes it good."""

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import pytest

import example_experiment
import example_faults
from example_experiment import LONG, Job, TinyExperiment
from example_outcomes import Outcomes
from gradnoise.store.checksums import BESIDE, LIST

ADVICE = re.compile(r"; delete (\S+) and run again$")


def flip(position: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[int(position * (len(content) - 1))] ^= 1
        path.write_bytes(content)

    return damage


def change_a_digit(path: Path) -> None:
    """What a careless hand in an editor does to the last number of a text."""
    text = path.read_text()
    place = max(text.rfind(digit) for digit in "123456789")
    path.write_text(f"{text[:place]}{9 - int(text[place])}{text[place + 1 :]}")


def alter_attribute(path: Path) -> None:
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            file.attrs[next(iter(file.attrs))] = 12345
    else:
        found = json.loads(path.read_text())
        found["attributes"]["seed"] = 12345
        path.write_text(json.dumps(found))


def delete_attribute(path: Path) -> None:
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            del file.attrs[next(iter(file.attrs))]
    else:
        found = json.loads(path.read_text())
        found["attributes"].popitem()
        path.write_text(json.dumps(found))


def is_text(path: Path) -> bool:
    return path.suffix in (".csv", ".json", ".tex", ".md", ".html", BESIDE)


def has_digits(path: Path) -> bool:
    return is_text(path) and any(digit in path.read_text() for digit in "123456789")


def has_attributes(path: Path) -> bool:
    return path.suffix == ".h5" or (
        path.name == "zarr.json" and bool(json.loads(path.read_text()).get("attributes"))
    )


# What is done to a file, and to which.
DAMAGES: dict[str, tuple[Callable[[Path], None], Callable[[Path], bool]]] = {
    "first byte flipped": (flip(0), lambda path: True),
    "a byte flipped": (flip(0.5), lambda path: True),
    "last byte flipped": (flip(1), lambda path: True),
    "cut in half": (lambda path: os.truncate(path, path.stat().st_size // 2), lambda path: True),
    "emptied": (lambda path: os.truncate(path, 0), lambda path: True),
    "deleted": (Path.unlink, lambda path: True),
    "a digit changed": (change_a_digit, has_digits),
    "an attribute altered": (alter_attribute, has_attributes),
    "an attribute deleted": (delete_attribute, has_attributes),
}


@contextmanager
def damaged(path: Path, damage: Callable[[Path], None]) -> Iterator[None]:
    content = path.read_bytes()
    damage(path)
    try:
        yield
    finally:
        path.write_bytes(content)


def outcome(experiment: TinyExperiment, path: Path, job: Job, name: str) -> str:
    """What a reader makes of a damaged file: `told`, `unread` (its results are the same), or what is wrong."""
    trial = job.elsewhere()
    shutil.rmtree(experiment.folder / "trial", ignore_errors=True)
    with damaged(experiment.folder / path, DAMAGES[name][0]):
        ended = example_experiment.run(trial, experiment.folder)
    if ended.status:
        named = re.sub(rf"^\.(.*){BESIDE}$", r"\1", path.name)
        told = re.match(rf"error: \S*{re.escape(named)}\S*: .*run again", ended.line)
        return "told" if told and "Traceback" not in ended.said else ended.said[-1500:]
    # Lists of checksums know the settings' text, which names the outputs' places.
    found = {
        name.removeprefix("trial/"): value
        for name, value in experiment.found(trial).items()
        if not name.endswith(LIST)
    }
    expected = experiment.of(job).items()
    same = found == {name: value for name, value in expected if not name.endswith(LIST)}
    return "unread" if same else "read as data"


def kind(path: Path) -> str:
    """Files of one kind are read by the same lines of code."""
    text = re.sub(r"\d+", "1", str(path))
    return re.sub(r"(?<=results/tables/)[\w-]+|(?<=/figures/)[.\w-]+(?=\.\w+$)", "*", text)


def chosen(experiment: TinyExperiment) -> list[Path]:
    """Published files: all, or in CI one of every kind, and of a store's chunks one of every array."""
    files = [Path(name) for name in sorted(experiment.expected)]
    return files if LONG else list({kind(path): path for path in files}.values())


def what(path: Path) -> str:
    """A kind of file, for the table of outcomes."""
    if path.suffix == BESIDE or path.name == LIST:
        return "checksums"
    if "/c/" in str(path):
        return "chunk of a Zarr array"
    return "metadata of a Zarr store" if path.name == "zarr.json" else path.suffix.removeprefix(".")


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_a_damaged_file_is_named_in_a_line_or_was_not_needed(
    experiment: TinyExperiment, outcomes: Outcomes, part: int
) -> None:
    wrong, count = [], Counter[str]()
    for place, path in enumerate(chosen(experiment)[part::8]):
        fitting = [name for name, (_, fits) in DAMAGES.items() if fits(experiment.folder / path)]
        # In CI each file suffers one of them, in turn.
        names = fitting if LONG else [fitting[place % len(fitting)]]
        readers = experiment.readers(path)
        for name in names:
            for job in readers if LONG and name == "a byte flipped" else readers[:1]:
                found = outcome(experiment, path, job, name)
                count[found] += 1
                if found not in ("told", "unread"):
                    wrong.append(f"{path}, {name}, read by {job.rule}: {found}")
                elif found == "told":
                    outcomes.add("a damaged file", what(path), told=1)
                else:
                    outcomes.add(
                        "a damaged file that the stage does not need", what(path), identical=1
                    )
    assert not wrong, "\n".join(wrong)
    assert count["told"] > 3


@pytest.mark.slow
def test_what_the_line_advises_makes_it_good(
    experiment: TinyExperiment, outcomes: Outcomes
) -> None:
    folder = experiment.folder
    files = {experiment.maker(path).rule: path for path in chosen(experiment) if not is_text(path)}
    rules = list(files) if LONG else ("training", "noise", "gaussianity")
    for rule in rules:
        path, maker = files[rule], experiment.maker(files[rule])
        flip(0.5)(folder / path)  # what is kept for a second attempt is the same file
        # Of the jobs that are given the file, those of another layer do not read it.
        for reader in experiment.all_readers(path):
            line = example_experiment.run(reader.elsewhere(), folder).line
            if (advice := ADVICE.search(line)) is not None:
                break
        assert advice is not None, line
        example_faults.remove([Path(advice[1])], folder)
        example_faults.remove(maker.outputs, folder)  # as Snakemake does then
        made = folder / maker.outputs[0]
        kept = any(made.parent.glob(f".{made.name}*.kept"))
        said = example_experiment.run(maker, folder).said
        # Of a single file that others may write to, a copy is kept, which is whole.
        copied = rule == "data" and "taking back" in said
        assert kept == ("cannot be used" in said or copied)
        assert experiment.found(maker) == experiment.of(maker)
        assert example_experiment.run(reader.elsewhere(), folder).status == 0
        outcomes.add(
            "a damaged file, deleted and made again as the line says", rule, identical=1, told=1
        )
    assert len(rules) > 2
