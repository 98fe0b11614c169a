"""What the user is told when something given is wrong."""

import operator
from typing import Any

import numpy as np


class InputError(ValueError):
    """Something the user gave is wrong; the message names it, what was found and what is accepted."""


def whole(name: str, value: Any) -> int:
    """A count as an `int`.

    Args:
        name: of the argument.
        value: what was given for it.

    Raises:
        InputError: for anything but a whole number of at least 1: a fraction, a truth value, text.
    """
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise InputError(f"{name}: found {value!r}; a whole number, at least 1 is needed")
    return number


def refuse_masks(name: str, values: Any) -> None:
    """Refuse masked values, where nothing can stand for what a mask hides.

    Raises:
        InputError: names the argument.
    """
    if np.ma.is_masked(values):
        raise InputError(
            f"{name}: found {np.ma.count_masked(values)} masked values; leave them out or fill them"
        )
