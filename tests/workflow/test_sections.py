"""Sections of the config, and what is said of a value that is not accepted."""

from typing import Annotated

import pytest

from gradnoise.errors import InputError
from sections import Choice, Positive, Section, check, distinct, suggestion, within


class Inner(Section):
    """A section below another."""

    size: Positive
    colour: Annotated[str, Choice(("red", "green"))]


class Outer(Section):
    """A section with a mapping of sections."""

    inner: dict[str, Inner | None]
    length: Positive | None


def test_every_problem_is_a_line_of_its_own() -> None:
    with pytest.raises(InputError) as raised:
        check(Outer, {"inner": {"a": {"size": 0, "colour": "gren"}}}, "outer")
    assert str(raised.value).splitlines() == [
        "outer.inner.a.size: found 0; input should be greater than or equal to 1",
        "outer.inner.a.colour: found 'gren' (did you mean 'green'?); accepted: red, green",
        "outer.length: missing; every key of config.yaml must be there",
    ]


def test_an_unknown_key_below_a_mapping_names_the_keys_accepted_there() -> None:
    with pytest.raises(InputError) as raised:
        check(Outer, {"inner": {"a": {"size": 1, "color": "red"}}, "length": None}, "")
    unknown = "inner.a.color: unknown key (did you mean 'colour'?); accepted: size, colour"
    assert unknown in str(raised.value).splitlines()


def test_choices_are_in_the_json_schema() -> None:
    assert Inner.model_json_schema()["properties"]["colour"]["enum"] == ["red", "green"]


def test_values_that_may_stand_once_and_epochs_that_exist() -> None:
    assert distinct([2, 1]) == [2, 1]
    with pytest.raises(ValueError, match=r"each value once; found \[1, 1\]"):
        distinct([1, 1])
    within([0, 3], 3, "checkpoints")
    with pytest.raises(ValueError, match=r"checkpoints: found \[4\]; the last epoch .* = 3"):
        within([0, 4], 3, "checkpoints")


def test_far_words_are_not_suggested() -> None:
    assert suggestion("momentun", ["momentum", "seed"]) == " (did you mean 'momentum'?)"
    assert suggestion("x", ["momentum", "seed"]) == ""
