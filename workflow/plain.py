"""What a config may hold at all: plain values under keys of text, before any key is looked at."""

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from gradnoise.errors import InputError

LARGEST = 2**53  # whole numbers up to here are the same in JSON, HDF5 and float64
NAME = 255  # bytes in a file's or folder's name, on every common file system
SHOWN = 60
# YAML's anchors, with which a few lines say a list of lists of lists, can make more than any memory holds.
MOST_VALUES = 100_000
DEEPEST = 20


def require_plain(config: Mapping[Any, Any]) -> None:
    """Refuse what no key takes, wherever it stands: keys that are no text, dates, sets, bytes, numbers out of all bounds.

    So is what is nested without end, or has more values than anybody writes.

    Raises:
        InputError: every problem on a line of its own, with its key.
    """
    lines = list(_problems(config, "", itertools.count(), 0))
    if lines:
        raise InputError("\n".join(lines))


def _problems(value: Any, key: str, visited: Iterator[int], depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        first = ".".join(key.split(".")[:3])
        raise InputError(
            f"{first}: nested more than {DEEPEST} levels deep; is it an alias of itself?"
        )
    if next(visited) > MOST_VALUES:
        raise InputError(f"{key}: here the config has more than {MOST_VALUES} values")
    if isinstance(value, Mapping):
        for name, each in value.items():
            if isinstance(name, str):
                yield from _problems(each, f"{key}.{name}" if key else name, visited, depth + 1)
            else:
                yield (
                    f"{key or 'the config'}: found the key {shown(name)}; accepted: text, in quotes "
                    "where YAML takes it for something else"
                )
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _problems(each, key, visited, depth + 1)
    else:
        problem = _problem(value)
        if problem:
            yield f"{key}: found {shown(value)}; {problem}"


def _problem(value: Any) -> str:
    """What is wrong with a single value; "" for nothing."""
    if isinstance(value, str):
        longest = max(len(part.encode(errors="replace")) for part in value.split("/"))
        return f"at most {NAME} letters, between slashes" if longest > NAME else ""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return "" if abs(value) <= LARGEST else f"at most 2^53 = {LARGEST} is accepted"
    if isinstance(value, float):
        return "" if math.isfinite(value) else "a finite number is needed"
    return (
        f"that is a {type(value).__name__}; accepted: text (in quotes where YAML takes it for something "
        "else), numbers, true, false, null, lists and mappings of these"
    )


def shown(value: Any, most: int = SHOWN) -> str:
    """A value as text, of at most so many characters and how many it has."""
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
