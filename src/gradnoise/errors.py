"""What the user is told when something given is wrong."""

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray


class InputError(ValueError):
    """Something the user gave is wrong; the message names it, what was found and what is accepted."""


def whole(name: str, value: Any, least: int = 1) -> int:
    """A count as an `int`.

    Args:
        name: of the argument.
        value: what was given for it.
        least: that is accepted.

    Raises:
        InputError: for anything but a whole number of at least `least`: a fraction, a truth value, text.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        raise InputError(f"{name}: found {value!r}; a whole number, at least {least} is needed")
    return number


def wholes(name: str, values: Any) -> NDArray[np.float64]:
    """Counts in an array of any shape, as float64.

    Args:
        name: of the argument.
        values: integers, or floats without a fraction, as a table's column with gaps has them.

    Raises:
        InputError: for anything else: a fraction, a truth value, text, masked values.
    """
    refuse_masks(name, values)
    given = np.asarray(values)
    whole_ones = given.dtype.kind in "iuf" and (given >= 1) & (given < np.inf)
    if not np.all(whole_ones) or not np.array_equal(given, np.floor(given)):
        raise InputError(f"{name}: found {values!r}; whole numbers, at least 1, are needed")
    return given.astype(np.float64)


def refuse_masks(name: str, values: Any) -> None:
    """Refuse masked values, where nothing can stand for what a mask hides.

    Raises:
        InputError: names the argument.
    """
    if np.ma.is_masked(values):
        raise InputError(
            f"{name}: found {np.ma.count_masked(values)} masked values; leave them out or fill them"
        )
