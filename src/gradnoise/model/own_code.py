"""A user's own code: found by `package.module:name`, and its failures told in one line."""

import importlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradnoise.errors import InputError


def is_own(name: str) -> bool:
    """Whether a name is a user's own `package.module:name`."""
    return ":" in name


def require_users(name: str) -> None:
    """Refuse what is no user's: `builtins:exec` would be called.

    Raises:
        InputError: for a module of Python's own.
    """
    package = name.partition(":")[0].partition(".")[0]
    if package in sys.stdlib_module_names or package in sys.builtin_module_names:
        raise InputError(
            f"found {name!r}: {package} is a part of Python; accepted: a module of your own or of an installed "
            "package, under a name that Python's library does not have"
        )


@contextmanager
def users_code(whose: str, doing: str) -> Iterator[None]:
    """Turn whatever a user's code raises into one message that says where."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise InputError(
            f"{whose}: {doing} failed with {type(error).__name__}: {error} "
            f"({frame.filename}, line {frame.lineno})"
        ) from error


def imported(what: str, name: str) -> Callable[..., Any]:
    """The callable that `package.module:name` names, of the working directory or an installed package.

    Args:
        what: "model" or "loss", for messages.
        name: as in the config.

    Raises:
        InputError: where the module is Python's own, cannot be imported, or has no such callable.
    """
    require_users(name)
    module_name, _, attribute = name.partition(":")
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    with users_code(
        f"{what} {name}", f"importing {module_name!r} from {os.getcwd()} and the installed packages"
    ):
        module = importlib.import_module(module_name)
    found = getattr(module, attribute, None)
    if not callable(found):
        raise InputError(f"{what} {name}: {module_name} has no function or class {attribute!r}")
    return found
