"""One key of the config is changed to something odd: it is refused in a line that names it, or makes sense."""

import datetime
import math
import signal
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from example_config import DEFAULT, ROOT
from experiment import Experiment
from gradnoise.errors import InputError

ODD = {
    "null": None,
    "true": True,
    "text": "odd",
    "empty text": "",
    "long text": "x" * 300,
    "whole number": 3,
    "negative": -1,
    "zero": 0,
    "huge": 10**9,
    "beyond 64 bits": 10**30,
    "fraction": 0.3,
    "nan": math.nan,
    "infinite": math.inf,
    "date": datetime.date(2020, 1, 1),
    "set": {"a", "b"},
    "bytes": b"\x00\xff",
    "empty list": [],
    "list": ["odd", 3, None],
    "empty mapping": {},
    "mapping": {"odd": 1},
    "mapping of numbers": {1: 2},
}


def keys(section: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key of the config, sections included."""
    for name, value in section.items():
        yield (*path, name)
        if isinstance(value, Mapping):
            yield from keys(value, (*path, name))


def mutated(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    config = deepcopy(DEFAULT)
    section = config
    for part in path[:-1]:
        section = section[part]
    section[path[-1]] = value
    return config


MUTATIONS = [(path, name) for path in keys(DEFAULT) for name in ODD]


def verdict(path: tuple[str, ...], name: str) -> str:
    """`accepted`, `refused` in lines that name the key, or what is wrong."""

    def hang(*_: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, hang)
    signal.alarm(60)
    try:
        experiment = Experiment(mutated(path, ODD[name]))
        for run in experiment.runs.values():
            assert run.measured is not None
        experiment.layer_files("clt")
    except InputError as error:
        said = str(error)
        named = path[-1] in said or any(part in said for part in path)
        return "refused" if named and len(said) < 3000 else f"does not name the key: {said[:500]}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:500]
    finally:
        signal.alarm(0)
    return "accepted"


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_an_odd_value_is_refused_in_a_line_that_names_its_key_or_makes_sense() -> None:
    found = {(".".join(path), name): verdict(path, name) for path, name in MUTATIONS}
    wrong = {key: said for key, said in found.items() if said not in ("accepted", "refused")}
    assert not wrong
    accepted = [key for key, said in found.items() if said == "accepted"]
    assert len(found) > 3000
    assert len(accepted) < 0.1 * len(found)
    # What makes sense nowhere.
    never = {
        "beyond 64 bits",
        "nan",
        "infinite",
        "date",
        "set",
        "bytes",
        "long text",
        "mapping of numbers",
    }
    assert not [key for key in accepted if key[1] in never]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "model.name",
            "builtins:exec",
            "model.name: found 'builtins:exec': builtins is a part of Python",
        ),
        (
            "training.loss",
            "os.path:join",
            "training.loss: found 'os.path:join': os is a part of Python",
        ),
        (
            "noise.repeats",
            10**9,
            "noise.repeats of run cnn: found 1000000000; .* accepted: up to 100000",
        ),
        ("noise.batches", 10**9, "noise.batches of run cnn: that is .* TB in one file or store"),
        ("training.epochs", 10**9, "training.epochs: found 1000000000"),
        ("training.seeds", [True], r"training.seeds: found \[True\]; that is no number"),
        ("noise.augment", 1, "noise.augment: found 1; true or false is needed"),
        ("run_definitions", {None: {}}, "run_definitions: found the key None; accepted: text"),
        ("training", {3: 4}, "training: found the key 3; accepted: text"),
        ("output", "x" * 300, "output: found 'x.* at most 255 letters, between slashes"),
        (
            "model.arguments",
            {"a": math.inf},
            "model.arguments.a: found inf; a finite number is needed",
        ),
        (
            "model.arguments",
            {"a": [2**60]},
            "model.arguments.a: found 1152921504606846976; at most 2.53",
        ),
    ],
)
def test_what_is_refused_says_why(key: str, value: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Experiment(mutated(tuple(key.split(".")), value))


def test_more_lags_than_steps_are_refused_before_any_step_is_taken() -> None:
    most = min(
        run.sections.trajectory.variant(name).steps
        for run in Experiment(DEFAULT).runs.values()
        for name in run.sections.trajectory.variants
    )
    Experiment(mutated(("langevin", "residual_lags"), most - 3))
    with pytest.raises(InputError, match=rf"residual_lags of run \w+: found {most - 2}; .* up to"):
        Experiment(mutated(("langevin", "residual_lags"), most - 2))


def test_the_largest_that_is_accepted_can_be_planned() -> None:
    config = mutated(("noise", "repeats"), 100_000 // 6)
    assert len(Experiment(config).runs["cnn"].repeats) == 100_000 // 6
    assert Experiment(mutated(("data", "seed"), 2**53)).data


BOMB = [
    "a0: &a0 [1]",
    *(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)),
]


def loaded(text: str, path: Path) -> Experiment:
    """The experiment of an overlay, read and merged as Snakemake does."""
    path.write_text(text)
    config = deepcopy(DEFAULT)
    update_config(config, load_configfile(str(path)))
    return Experiment(config, [path])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n    ".join(["model:\n  arguments:", *BOMB]), r"a\d: here the config has more than 100"),
        (
            "model: {arguments: {a: &a [*a]}}",
            "model.arguments.a: nested more than 20 levels deep; is it",
        ),
        (f"noise: {'{a: ' * 21}1{'}' * 21}", "noise.a.a: nested more than 20 levels deep"),
        (
            f"model: {'{a: ' * 400}1{'}' * 400}",
            "overlay.yaml: its values are nested too deep|model.a.a: nested more than 20",
        ),
        ("model: {name: cnn, name: linear}", "line 1: the key 'name' is written twice"),
        ("data: {seed: !!binary aGVsbG8=}", "data.seed: found b'hello'; that is a bytes"),
        ("runs: !!set {cnn}", "runs: found {'cnn'}; that is a set"),
        ("runs: [no]", r"runs: found \[False\]"),
        (
            f"noise: {{batch_sizes: {list(range(1, 20_001))}}}",
            r"found \[10001, .{150,250}characters\); without replacement",
        ),
    ],
)
def test_what_yaml_can_say_beyond_plain_values_is_refused_in_a_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as told:
        loaded(text, tmp_path / "overlay.yaml")
    assert max(map(len, str(told.value).splitlines())) < 600


def test_yamls_anchors_and_merge_keys_are_read_as_they_are_meant(tmp_path: Path) -> None:
    text = """
run_definitions:
  spare:
    training: &some {seeds: [4, 5], epochs: 4}
  cnn:
    training:
      <<: *some
      seeds: [7]
"""
    run = loaded(text, tmp_path / "overlay.yaml").runs["cnn"]
    assert run.seeds == [7]
    assert run.sections.training.epochs == 4
