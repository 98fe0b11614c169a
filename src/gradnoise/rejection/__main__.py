"""Stage: rejection."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradnoise import stage
from gradnoise.clt.results import read_measured
from gradnoise.errors import InputError
from gradnoise.gaussianity.results import Tests, read_tests
from gradnoise.gradients.columns import read_columns
from gradnoise.gradients.store import open_gradients
from gradnoise.noise.store import ParameterNoise, open_parameter, require_same_series
from gradnoise.rejection.judgement import judge_predictions, judge_tails, judge_tests
from gradnoise.rejection.results import LayerJudgement, write
from gradnoise.rejection.settings import Settings
from gradnoise.stage import without_linear_algebra
from gradnoise.store.paths import Checkpoint, Paths
from gradnoise.tails.examples import Example
from gradnoise.tails.influence import extreme_samples
from gradnoise.tails.null import Null, gaussian_null
from gradnoise.tails.results import read_tails
from gradnoise.tails.stable.index import DEFAULT


def main() -> None:
    """Stage: tests, predictions, tails and noise of a checkpoint's layers to one HDF5 file."""
    options = stage.parse(
        "What a level of the test makes of a checkpoint's layers.",
        inputs=("results", "gradients"),
        several=("noise",),
    )
    settings = stage.read_settings(Settings, options.settings)
    layers = [
        judge_layer(options.results, options.gradients, options.noise, name, settings)
        for name in settings.parameters
    ]
    attributes = {name: getattr(settings, name) for name in ("seed", "epoch", "significance")}
    write(options.output, layers, attributes)


def judge_layer(
    results: Path, gradients: Path, noise: Sequence[Path], parameter: str, settings: Settings
) -> LayerJudgement:
    """Read what was measured of one layer, and apply the level.

    Raises:
        InputError: for a missing or damaged file, or one of other series than the others.
    """
    paths, at = Paths(results), Checkpoint(settings.run, settings.seed, settings.epoch)
    tested, measured, found = (
        Path(paths.layer(name, at, parameter)) for name in ("gaussianity", "clt", "tails")
    )
    opened = [open_parameter(path, parameter) for path in noise]
    stage.reads([tested, measured, found, gradients, noise])
    require_same_series(opened)
    tests, tails, level = read_tests(tested), read_tails(found), settings.significance
    _require_same(tested, tests, opened)
    null = _null(tails.batches, tuple(tails.indices), settings.seed, level)
    parts = (
        judge_tests(tests, level),
        judge_predictions(tests, read_measured(measured), level),
        judge_tails(tests, tails, [each.noise for each in opened], null, level),
    )
    behind = _behind(gradients, parameter, tests.index, parts[-1].examples)
    axes = {"batch_sizes": tests.batch_sizes, "repeats": tests.repeats}
    attributes = {**tests.attributes, "significance": level, "batches": tails.batches}
    return LayerJudgement(parameter, parts, tests.index, behind, axes, attributes)


@cache
def _null(batches: int, methods: tuple[str, ...], seed: int, significance: float) -> Null:
    """Simulated once for all layers."""
    return gaussian_null(batches, {*methods, DEFAULT}, seed, significance)


def _behind(
    gradients: Path, parameter: str, index: NDArray[np.int64], shown: Sequence[Example]
) -> NDArray[np.int64] | None:
    """Indices of the samples at both ends of each example's coordinate; None where their gradients are not stored."""
    array, _ = open_gradients(gradients, parameter, index)
    if array is None or not shown:
        return None
    positions, where = np.unique([one.position for one in shown], return_inverse=True)
    columns = read_columns(array, positions)
    extremes = [extreme_samples(columns[:, place]) for place in where]
    return np.array(extremes, np.int64)


def _require_same(path: Path, tests: Tests, noise: Sequence[ParameterNoise]) -> None:
    repeats = [int(each.attributes["repeat"]) for each in noise]
    same = [tests.batch_sizes, tests.repeats] == [noise[0].batch_sizes, repeats]
    if not same or not np.array_equal(tests.index, noise[0].coordinate):
        raise InputError(
            f"{path}: found other batch sizes, repeats or coordinates than in the noise"
        )


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
