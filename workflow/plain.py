"""What a config may hold at all: plain values under keys of text, before any key is looked at."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from gradnoise.errors import InputError

LARGEST = 2**53  # whole numbers up to here are the same in JSON, HDF5 and float64
NAME = 255  # bytes in a file's or folder's name, on every common file system
SHOWN = 60


def require_plain(config: Mapping[Any, Any]) -> None:
    """Refuse what no key takes, wherever it stands: keys that are no text, dates, sets, bytes, numbers out of all bounds.

    Raises:
        InputError: every problem on a line of its own, with its key.
    """
    lines = list(_problems(config, ""))
    if lines:
        raise InputError("\n".join(lines))


def _problems(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if isinstance(name, str):
                yield from _problems(each, f"{key}.{name}" if key else name)
            else:
                yield (
                    f"{key or 'the config'}: found the key {_shown(name)}; accepted: text, in quotes "
                    "where YAML takes it for something else"
                )
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _problems(each, key)
    else:
        problem = _problem(value)
        if problem:
            yield f"{key}: found {_shown(value)}; {problem}"


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


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"
