import doctest
import importlib
from dataclasses import replace

import numpy as np
import pytest

from gradnoise.errors import InputError
from gradnoise.related import conduct as module
from gradnoise.related.catalogue import modules
from gradnoise.related.conduct import conduct, load
from gradnoise.related.study import Results, Settings, measured

STUDIES = list(modules())
SHORT = Settings(seed=5, repeats=2, length=0.02)


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_gives_what_it_declares_and_the_same_again(name: str) -> None:
    first, again = conduct(name, SHORT), conduct(name, SHORT)
    assert first.rows == again.rows
    assert all(
        np.array_equal(first.arrays[key], again.arrays[key], equal_nan=True) for key in first.arrays
    )
    labels = [row.quantity for row in first.rows]
    assert len(set(labels)) == len(labels)
    assert all(np.isfinite(row.measured) for row in first.rows)
    assert any(np.isfinite(row.least) or np.isfinite(row.most) for row in first.rows)
    study = load(name)
    assert study.statement
    assert study.source
    assert study.title.endswith("?")


@pytest.mark.parametrize("name", STUDIES)
def test_what_is_random_depends_on_the_seed(name: str) -> None:
    first, other = conduct(name, SHORT), conduct(name, replace(SHORT, seed=6))
    pairs = list(zip(first.rows, other.rows, strict=True))
    noisy = [(a, b) for a, b in pairs if a.error > 0]
    assert all(a == b for a, b in pairs if a.error == 0 and b.error == 0)
    assert all(a.measured != b.measured for a, b in noisy)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        (
            "implicit_sdg",
            SHORT,
            "study: found 'implicit_sdg'; did you mean implicit_sgd\\?; accepted: ",
        ),
        ("implicit_sgd", replace(SHORT, repeats=1), "repeats: found 1; accepted: 2 or more"),
        (
            "implicit_sgd",
            replace(SHORT, length=0.0),
            "length: found 0.0; accepted: a number above 0",
        ),
        ("implicit_sgd", replace(SHORT, length=np.nan), "length: found nan"),
    ],
)
def test_bad_settings_are_one_line(name: str, settings: Settings, message: str) -> None:
    with pytest.raises(InputError, match=message):
        conduct(name, settings)


def test_an_array_that_is_not_declared_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(
        load("implicit_sgd"), run=lambda settings: Results([measured("x", 1.0)], {"rate": 1.0})
    )
    monkeypatch.setattr(module, "load", lambda name: wrong)
    with pytest.raises(ValueError, match="implicit_sgd: arrays with dimensions"):
        conduct("implicit_sgd", SHORT)


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_s_examples_run(name: str) -> None:
    found = doctest.testmod(importlib.import_module(modules()[name]))
    assert found.failed == 0
