"""Instrument check: noise whose pass rate is known, through the code that analyses gradient noise.

A noise store of the usual layout is written to a temporary folder, opened and analysed as any other. The
expected percentages stand in `calibration_reference.csv` beside this file, with their standard errors: they are
simulated by `benchmarks/make_calibration_reference.py` with SciPy's implementation of the test, on other random numbers.
"""

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import zarr

from gradnoise.calibration.laws import LAWS
from gradnoise.draws.streams import Stream, generator
from gradnoise.gaussianity.analysis import describe_layer
from gradnoise.gaussianity.summary import summarise
from gradnoise.gradients.parameters import COORDINATE
from gradnoise.noise.store import BATCH_SIZE, NOISE, NOISE_ALONG_DIRECTIONS, open_parameter
from gradnoise.store import arrays
from gradnoise.store.tables import write_table

REFERENCE = Path(__file__).with_name("reference.csv")


ERRORS = 4.0  # tolerance in standard errors: a sound instrument fails one of 16,000 checks


@dataclass(frozen=True)
class Expectation:
    """Pass percentage of a law at a batch size, number of batches and significance, with its error."""

    n: int
    significance: float
    percentage: float
    standard_error: float


@dataclass(frozen=True)
class Check:
    """One row of the instrument check; percentages of passing series, `tolerance` in points."""

    check: str
    distribution: str
    batch_size: int
    n: int
    measured_percentage: float
    expected_percentage: float
    tolerance: float
    passed: bool
    significance: float
    series: int


def expectation(law: str, batch_size: int, n: int, significance: float) -> Expectation:
    """The tabulated expectation nearest (by ratio) to a number of batches and a significance."""
    with REFERENCE.open(newline="") as file:
        rows = [
            Expectation(
                int(row["n"]),
                float(row["significance"]),
                float(row["percentage"]),
                float(row["standard_error"]),
            )
            for row in csv.DictReader(file)
            if row["distribution"] == law and int(row["batch_size"]) == batch_size
        ]

    def distance(row: Expectation) -> tuple[float, float]:
        return abs(math.log(row.significance / significance)), abs(math.log(row.n / n))

    return min(rows, key=distance)


def calibrate(
    folder: Path, seed: int, significance: float, batches: Sequence[int], series: int
) -> list[Check]:
    """Write noise of every law to a store in `folder`, analyse it and compare.

    Checks run at the tabulated numbers of batches and significance nearest to those given: the rows say
    which.

    Args:
        folder: an empty folder.
        seed: of the noise.
        significance: level of the test.
        batches: numbers of batches.
        series: per law and batch size; a quarter of it for heavy tails.
    """
    wanted = {
        expectation(name, size, n, significance).n
        for name, law in LAWS.items()
        for size in law.batch_sizes
        for n in batches
    }
    path = folder / "noise.zarr"
    write_noise(path, seed, max(wanted), series)
    return [check for name in LAWS for check in _compare(path, name, significance, sorted(wanted))]


def write_noise(path: Path, seed: int, batches: int, series: int) -> None:
    """Write a complete noise store with one parameter per law."""
    root = zarr.open_group(path, mode="w", attributes={"repeat": 1, "seed": seed})
    for name, law in LAWS.items():
        group = root.create_group(name)
        count = series // law.cost
        shape = (len(law.batch_sizes), batches, count)
        noise = np.stack(
            [
                law.sample(generator(seed, Stream.CALIBRATION, name, size), size, shape[1:])
                for size in law.batch_sizes
            ]
        ).astype(np.float32)
        chunk = (1, batches, count)
        arrays.create_array(group, NOISE, shape, chunk)[...] = noise
        # A coordinate is as good a direction as any where all are independent.
        arrays.put_array(group, NOISE_ALONG_DIRECTIONS, noise[:, :, :1])
        arrays.put_array(group, BATCH_SIZE, np.array(law.batch_sizes))
        arrays.put_array(group, COORDINATE, np.arange(1, count + 1))
    arrays.seal(root)


def _compare(path: Path, name: str, significance: float, batches: Sequence[int]) -> list[Check]:
    opened = open_parameter(path, name)
    level = expectation(name, opened.batch_sizes[0], batches[0], significance).significance
    found = describe_layer([opened.noise], batches)
    along = describe_layer([opened.noise_along_directions], batches)
    checks = []
    for row in summarise(found, along, opened.batch_sizes, batches, [1], level):
        size, n, count = int(row["batch_size"]), int(row["batches"]), int(row["coordinates"])
        expected = expectation(name, size, n, level)
        share = expected.percentage / 100
        # Binomial, plus one count where the share is so small that none may be seen, plus the table's own.
        error = math.sqrt(
            1e4 * (share * (1 - share) / count + 1 / count**2) + expected.standard_error**2
        )
        measured = float(row["percentage_testable"])
        passed = abs(measured - expected.percentage) <= ERRORS * error
        checks.append(
            Check(
                check=LAWS[name].check,
                distribution=name,
                batch_size=size,
                n=n,
                measured_percentage=round(measured, 4),
                expected_percentage=expected.percentage,
                tolerance=round(ERRORS * error, 4),
                passed=passed,
                significance=level,
                series=count,
            )
        )
    return checks


def write_checks(path: Path, checks: Sequence[Check]) -> None:
    """Write the checks as CSV, one row each."""
    write_table(path, [asdict(check) for check in checks])
