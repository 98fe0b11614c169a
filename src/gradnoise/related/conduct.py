"""One study by its name, with its settings and its results checked."""

import difflib
from importlib import import_module

import numpy as np

from gradnoise.errors import InputError
from gradnoise.related.catalogue import modules
from gradnoise.related.study import Results, Settings, Study


def load(name: str) -> Study:
    """A study's declaration, its module imported.

    Raises:
        InputError: for a study that there is not.
    """
    known = modules()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"study: found {name!r}{hint}; accepted: {', '.join(known)}")
    study: Study = import_module(known[name]).STUDY
    return study


def conduct(name: str, settings: Settings) -> Results:
    """Run one study.

    Args:
        name: of a module in a folder of `studies`.
        settings: seed, repeats and length.

    Returns:
        Its rows, and its arrays as float64 or integers in the order of the study's variables.

    Raises:
        InputError: for a study that there is not, fewer than two repeats or a length that is not above 0.
        ValueError: where a study gives other arrays than it declares.

    >>> [row.quantity for row in conduct("momentum_and_spectral_bias", Settings(seed=0)).rows][:1]
    ['steps of the slowest mode over the fastest, momentum 0']
    """
    study = load(name)
    if settings.repeats < 2:
        raise InputError(f"repeats: found {settings.repeats}; accepted: 2 or more")
    if not (settings.length > 0 and np.isfinite(settings.length)):
        raise InputError(f"length: found {settings.length}; accepted: a number above 0")
    rows, arrays = study.run(settings)
    declared = {variable.name: len(variable.dimensions) for variable in study.variables}
    given = {key: np.ndim(value) for key, value in arrays.items()}
    if given != declared:
        raise ValueError(f"{name}: arrays with dimensions {given}, declared {declared}")
    return Results(list(rows), {key: np.asarray(arrays[key]) for key in declared})
