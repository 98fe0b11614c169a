"""What a related study is: what it takes, what it gives, and what it says of its numbers."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.draws.streams import Stream, generator
from gradnoise.store.variables import Variable

Floats = NDArray[np.float64]

MARGIN = 0.1  # by which a ratio that is said to be 1 may differ from it


@dataclass(frozen=True)
class Settings:
    """How much of a study is simulated.

    Attributes:
        seed: of every random number.
        repeats: independent simulations, from which errors come; at least 2.
        length: steps or replicas of each, as a multiple of the study's own; above 0.
    """

    seed: int
    repeats: int = 10
    length: float = 1.0

    def random(self, study: str, *key: int | str) -> np.random.Generator:
        """Generator of one purpose in a study."""
        return generator(self.seed, Stream.RELATED, study, *key)

    def scaled(self, count: int, least: int = 1) -> int:
        """A study's own number of steps or replicas at this length."""
        return max(least, round(count * self.length))


class Row(NamedTuple):
    """One measured number beside its prediction.

    Attributes:
        quantity: what it is.
        measured: mean over the repeats.
        error: its standard error; 0 for a number that nothing random enters.
        degrees: of freedom of the error.
        predicted: by the theory, NaN where it gives no number.
        least, most: the range that the study's statement gives; infinite on both sides where the number is only shown.
    """

    quantity: str
    measured: float
    error: float
    degrees: float
    predicted: float
    least: float
    most: float


class Results(NamedTuple):
    """What a study finds.

    Attributes:
        rows: numbers beside their predictions.
        arrays: by the names of the study's variables.
    """

    rows: Sequence[Row]
    arrays: Mapping[str, ArrayLike]


class Panel(NamedTuple):
    """One panel of a study's figure: an array against one of its dimensions.

    Attributes:
        title: of the panel.
        values: the array. Its dimension `repeat`, where it has one, becomes a mean with a 95 % interval; of two others
            one becomes the horizontal axis and one the lines.
        against: array of coordinates along the horizontal axis' dimension, or words for categories, which are the
            last dimension but `repeat`.
        expected: array of the same dimensions without `repeat`, drawn as lines; "" for none.
        lines: what the entries of the other dimension are called.
        level: number that the statement names, drawn across; NaN for none.
        label: of the vertical axis; "" for the array's long name.
        log: the axes that are logarithmic: "", "x", "y" or "xy".
    """

    title: str
    values: str
    against: str | tuple[str, ...]
    expected: str = ""
    lines: tuple[str, ...] = ()
    level: float = math.nan
    label: str = ""
    log: str = ""


@dataclass(frozen=True)
class Study:
    """One related study.

    Attributes:
        title: the question, less than 60 characters, a literal: figures take it from the source.
        statement: the claim: true where every row lies in its range.
        source: who studied it.
        caption: what the figure shows, a literal.
        variables: the arrays that it gives.
        panels: of its figure.
        run: the experiment, a pure function of its settings.
    """

    title: str
    statement: str
    source: str
    caption: str
    variables: tuple[Variable, ...]
    panels: tuple[Panel, ...]
    run: Callable[[Settings], Results]


def measured(
    quantity: str,
    values: ArrayLike,
    predicted: float = math.nan,
    least: float = -math.inf,
    most: float = math.inf,
) -> Row:
    """A row from one value of each repeat, (repeats,); from a single number a row without error."""
    found = np.asarray(values, np.float64)
    if found.ndim == 0:
        return Row(quantity, float(found), 0.0, math.inf, predicted, least, most)
    error = found.std(ddof=1) / math.sqrt(found.size)
    return Row(
        quantity, float(found.mean()), float(error), found.size - 1.0, predicted, least, most
    )


def agreement(quantity: str, values: ArrayLike, predicted: float, margin: float = MARGIN) -> Row:
    """A row of measured over predicted, which is said to be 1 within a margin."""
    ratios = np.asarray(values, np.float64) / predicted
    return measured(f"{quantity}, over its prediction", ratios, 1.0, 1 - margin, 1 + margin)
