"""Random changes of the config and its overlays: a line that names a key, or an experiment that can be planned."""

import datetime
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import example_faults
from example_config import DEFAULT, OVERLAYS, ROOT, overlay
from example_experiment import LONG
from example_outcomes import Outcomes
from experiment import Experiment, merged
from gradnoise.errors import InputError
from gradnoise.store.paths import STUDY_STAGES
from run import Job

BASES = {"config": DEFAULT} | {name: merged(DEFAULT, overlay(name)) for name in OVERLAYS}
OF_RUNS = (
    *("training", "gradients", "noise", "gaussianity", "moments", "clt", "tails"),
    *("rejection", "trajectory", "langevin"),
)
OF_ALL = ("calibration", "control", "tables", "claims", "report")
MOST = 4 << 30  # bytes of addresses that planning may use
NUMBERS = st.one_of(
    st.integers(-3, 300),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([10**6, 10**9, 2**53, 10**30, 1e-300, 1e300, 5e-324]),
)
TEXT = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["yes", "~", "0x10", "1_0", "{seed}", "<b>", "$(id)", "%s", "{0}", "../up", "/", "x" * 300]
    ),
    st.sampled_from(["all", "last", "auto", "sgd", "linear", "cnn", "mnist", "os:system", "a.b:c"]),
)
SINGLE = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    TEXT,
    st.binary(max_size=4),
    st.dates(datetime.date(1, 1, 1)),
    st.sets(st.integers(0, 9), max_size=3),
)
VALUES = st.recursive(
    SINGLE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.text(max_size=5), st.integers(), st.none()), inner, max_size=3
        ),
    ),
    max_leaves=6,
)
Key = tuple[str, ...]


def keys(section: Mapping[str, Any], path: Key = ()) -> Iterator[Key]:
    """Every key of a config, sections included."""
    for name, value in section.items():
        yield (*path, name)
        if isinstance(value, Mapping):
            yield from keys(value, (*path, name))


PATHS = {name: list(keys(base)) for name, base in BASES.items()}


def at(config: dict[str, Any], path: Key) -> Any:
    for part in path:
        config = config[part]
    return config


def change(config: dict[str, Any], path: Key, draw: st.DataObject) -> tuple[str, str]:
    """Change one key of a config; the key that is another now, and what was done."""
    section, name = at(config, path[:-1]), path[-1]
    value = section[name]
    possible = ["drop", "rename", "other", "wrap", "beside"]
    if isinstance(value, int | float) and not isinstance(value, bool):
        possible += ["scale"] * 3
    if isinstance(value, list):
        possible += ["extend"] * 3
    what = draw.draw(st.sampled_from(possible))
    if what == "drop":
        del section[name]
    elif what == "rename":
        section[draw.draw(st.sampled_from([name[:-1], name + "s", name.upper(), ""]))] = (
            section.pop(name)
        )
    elif what == "wrap":
        section[name] = draw.draw(st.sampled_from([[value], {name: value}, [[value]], str(value)]))
    elif what == "beside":
        name = draw.draw(st.one_of(TEXT, st.sampled_from(sorted(section))))
        section[name] = value
    elif what == "scale":
        factor = draw.draw(st.sampled_from([-1, 0, 0.5, 2, 10, 1000, 10**6, 1e-9]))
        scaled = value * factor
        section[name] = int(scaled) if isinstance(value, int) and scaled == int(scaled) else scaled
    elif what == "extend":
        section[name] = [*value, draw.draw(st.one_of(VALUES, st.sampled_from(value or [None])))]
    else:
        section[name] = draw.draw(VALUES)
    return name, f"{'.'.join(path)}: {what} -> {section.get(name)!r}"[:200]


def plan(config: Mapping[str, Any]) -> None:
    """What Snakemake asks before its first job: all files, and of a job of every stage what it reads and needs."""
    experiment = Experiment(config)
    experiment.notes()
    files = [
        *experiment.figure_files(),
        *experiment.rejection_files(),
        *experiment.langevin_files(),
    ]
    assert all(isinstance(file, str) for file in files)
    for stage in ("gaussianity", "clt", "tails"):
        experiment.layer_files(stage)
    for name in OF_ALL:
        ask(name, experiment)
    for stage in STUDY_STAGES:
        for piece in experiment.pieces(stage).values():
            ask(stage, piece)
    for data in experiment.data.values():
        ask("data", data)
    for run in experiment.runs.values():
        job = Job(run, run.seeds[0], repeat=1)
        if run.epochs:
            job = job._replace(epoch=run.epochs[-1], parameter=run.measured[0].name)
        for variant in run.sections.trajectory.variants[:1]:
            job = job._replace(variant=variant)
        for name in OF_RUNS:
            followed = bool(run.followed) if name in ("trajectory", "langevin") else run.epochs
            if followed or name == "training":
                ask(name, job)


def ask(stage: str, subject: Any) -> None:
    module = import_module(f"stages.{stage}")
    module.settings(subject)
    needs = module.resources(subject)
    assert all(isinstance(each, int) and 0 <= each < 2**53 for each in needs), (stage, needs)


def judge(config: Mapping[str, Any], paths: list[Key]) -> str:
    """`accepted`, `refused` in lines that name a changed key, or what is wrong."""

    def hang(*_: Any) -> None:
        raise TimeoutError("hangs")

    signal.signal(signal.SIGALRM, hang)
    signal.alarm(60)
    try:
        plan(config)
    except InputError as error:
        said = str(error)
        named = any(part in said for path in paths for part in path)
        return "refused" if named and len(said) < 5000 else f"does not name the key: {said[:500]}"
    except RecursionError as error:
        return f"RecursionError: {error}"
    except Exception as error:
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        line = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
        return f"{type(error).__name__}: {error} ({line})"[:500]
    finally:
        signal.alarm(0)
    return "accepted"


def sweep(examples: int, *, derandomize: bool = True) -> Iterator[tuple[str, list[str]]]:
    """Judge configs with one to three changes; what was changed, and what became of it."""
    found = list[tuple[str, list[str]]]()

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=derandomize,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(sorted(BASES)), st.data())
    def one(name: str, draw: st.DataObject) -> None:
        config, paths, said = deepcopy(BASES[name]), list[Key](), list[str]()
        for path in draw.draw(
            st.lists(st.sampled_from(PATHS[name]), min_size=1, max_size=3, unique=True)
        ):
            try:
                section = at(config, path)
            except (KeyError, TypeError, IndexError):
                continue  # an earlier change took it away
            del section
            changed, done = change(config, path, draw)
            paths += [path, (changed,)]
            said.append(done)
        found.append((judge(config, paths), [name, *said]))

    one()
    yield from found


@pytest.mark.slow
def test_a_changed_config_is_refused_in_a_line_that_names_a_key_or_can_be_planned(
    tmp_path: Path, outcomes: Outcomes
) -> None:
    def program() -> None:
        example_faults.allow(MOST)
        counts, here = Counter[str](), Path.cwd()
        os.chdir(ROOT)
        for verdict, changes in sweep(10_000 if LONG else 500):
            counts[verdict if verdict in ("accepted", "refused") else "wrong"] += 1
            if verdict not in ("accepted", "refused"):
                print(verdict, changes)
        (here / "counts").write_text(json.dumps(counts))

    ended = example_faults.wait(example_faults.forked(program, tmp_path), tmp_path, 3600)
    assert not ended.said
    counts = json.loads((tmp_path / "counts").read_text())
    assert counts["refused"] > 300
    assert 20 < counts["accepted"] < counts["refused"]
    outcomes.add(
        "a config with changes, refused", "config.yaml and overlays", told=counts["refused"]
    )
