"""One layer at a level of the test: what passes, what was foretold of it, and the tails of what is rejected."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.clt.prediction import Prediction, apply_level, same_samples
from gradnoise.clt.results import Measured
from gradnoise.clt.settings import Design
from gradnoise.clt.value_classes import Frequencies
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.gaussianity.repeatability import repeatability
from gradnoise.gaussianity.results import Tests
from gradnoise.gaussianity.summary import summarise
from gradnoise.noise.store import Noise
from gradnoise.rejection import reliability
from gradnoise.tails.examples import Example, tail_examples
from gradnoise.tails.largest_batch import beside_null
from gradnoise.tails.null import Null
from gradnoise.tails.rejected import Collected, analyse_rejected
from gradnoise.tails.results import Tails
from gradnoise.tails.summary import histograms
from gradnoise.tails.summary import summarise as summarise_tails


class Judgement(NamedTuple):
    """What a level makes of a layer.

    Attributes:
        tables: structured arrays by name, as `results.TABLES` says.
        arrays: by group and name, as `results.ARRAYS` says.
        examples: tails that are shown.
    """

    tables: dict[str, NDArray[Any]]
    arrays: dict[str, dict[str, NDArray[Any]]]
    examples: Sequence[Example] = ()


def judge_tests(tests: Tests, significance: float) -> Judgement:
    """Shares of the coordinates and directions that pass, and how far these are the same in every repeat."""
    fields = tests.coordinates, tests.directions
    cells = tests.batch_sizes, tests.batches
    tables = {
        "gaussianity": summarise(*fields, *cells, tests.repeats, significance),
        "repeatability": repeatability(*fields, *cells, significance),
    }
    return Judgement(tables, {})


def judge_predictions(tests: Tests, measured: Measured, significance: float) -> Judgement:
    """Pass rates foretold by the central limit theorem beside those measured; nothing where there are no moments."""
    coordinates, pvalues = measured.coordinates, tests.coordinates["pvalue"]
    if "rho" not in coordinates:
        return Judgement({}, {})
    drawn = tests.attributes
    design = Design(
        tests.batch_sizes, tests.batches, len(tests.repeats), drawn["sampling"], int(drawn["seed"])
    )
    correlations = reliability.third_moment_correlations(coordinates, pvalues, design, significance)
    if measured.held_out is None:
        return Judgement({"correlations": correlations}, {})
    apart = apply_level(measured.held_out, design, significance)
    same = _same_samples(measured, pvalues, design, significance)
    tables = {
        "correlations": correlations,
        "prediction": reliability.rows(apart, design),
        "prediction_same_samples": reliability.rows(same, design),
        "calibration_of_prediction": reliability.bins(apart, design),
    }
    predicted = {
        "held_out_predicted": apart.predicted,
        "held_out_passed": apart.passed.mean(axis=2),
    }
    return Judgement(tables, {"coordinates": predicted})


def _same_samples(
    measured: Measured, pvalues: NDArray[np.float64], design: Design, significance: float
) -> Prediction:
    known = measured.coordinates
    moments = known["skewness"], known["excess_kurtosis"]
    found = Frequencies(known["distinct"], known["largest_share"])
    return same_samples(moments, found, pvalues, design, measured.samples, significance)


def judge_tails(
    tests: Tests, tails: Tails, noise: Sequence[Noise], null: Null, significance: float
) -> Judgement:
    """Tail indices beside those of Gaussian series, of all live coordinates and of those that the test rejects.

    Args:
        tests: of the layer.
        tails: the same.
        noise: one array (S, batches or more, C) per repeat.
        null: Gaussian series of as many batches, at the same level.
        significance: level of the test.
    """
    k = int(np.argmax(tests.batches))
    classes, pvalues = (tests.coordinates[name][:, k] for name in ("class", "pvalue"))
    drawn = tests.batch_sizes, tails.batches, tests.repeats
    collected = Collected.of_noise(
        (classes == Coordinate.LIVE) & (pvalues < significance), noise, tails.batches
    )
    rejected = analyse_rejected(collected, *drawn, null)
    tested = classes, pvalues, null
    tables = {
        "tails": summarise_tails(tails.indices, *tested, *drawn, significance),
        "rejected_tails": rejected.rows,
    }
    if tails.largest is not None:
        tables["largest_batch"] = beside_null(tails.largest, null)
    arrays = {"": {"top": tails.top}}
    for method, fields in tails.indices.items():
        arrays[f"histograms/{method}"] = histograms(fields, *tested, method, significance)
    for method, counts in rejected.histograms.items():
        arrays[f"rejected_histograms/{method}"] = counts
    first = next(iter(tails.indices.values()))
    shown = tail_examples(
        first, noise[0], tests.batch_sizes, tails.batches, classes, pvalues, significance
    )
    return Judgement(tables, arrays, shown)
