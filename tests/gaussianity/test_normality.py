"""All statistics from one sort."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradnoise
from gradnoise import stage
from gradnoise.gaussianity.normality import columns, describe, statistics
from gradnoise.gaussianity.statistic import measure
from gradnoise.gaussianity.statistics.anderson_darling import anderson_darling
from gradnoise.gaussianity.statistics.classes import classify
from gradnoise.gaussianity.statistics.shapiro_wilk import shapiro_wilk


def gaussian(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_not_finite_gives_nan_in_its_own_series_only(bad: float, dtype: type) -> None:
    samples = gaussian(3, 50).astype(dtype)
    samples[1, 17] = bad
    found = describe(samples)
    for name, values in found.items():
        if name != "class":
            assert np.isnan(values).tolist() == [False, True, False], name


@pytest.mark.parametrize("axis", [0, 1, 2, -2])
def test_any_axis_and_any_strides(axis: int) -> None:
    samples = gaussian(12, 14, 16)[::-1, :, ::2]
    before = samples.copy()
    expected = np.apply_along_axis(lambda row: shapiro_wilk(row).statistic, axis, samples)
    np.testing.assert_array_equal(shapiro_wilk(samples, axis).statistic, expected)
    np.testing.assert_array_equal(samples, before)
    assert classify(samples, axis).shape == expected.shape


def test_read_only_and_empty_inputs() -> None:
    samples = gaussian(40, 5)
    samples.flags.writeable = False
    assert shapiro_wilk(samples, axis=0).statistic.shape == (5,)
    assert shapiro_wilk(np.empty((0, 10))).pvalue.shape == (0,)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_result_does_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch, dtype: type) -> None:
    samples = gaussian(3001, 100).astype(dtype)
    results = []
    for threads in (1, 3):
        monkeypatch.setattr(stage, "available_threads", lambda threads=threads: threads)
        results.append(describe(samples))
    for name, one in results[0].items():
        np.testing.assert_array_equal(one, results[1][name])


@pytest.mark.slow
def test_compiled_code_goes_to_the_user_cache_where_the_package_is_read_only(
    tmp_path: Path,
) -> None:
    package = tmp_path / "gradnoise"
    shutil.copytree(
        Path(gradnoise.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    # Root may write to read-only folders, so the folder of compiled files is made impossible instead.
    (package / "gaussianity/statistics/__pycache__").touch()
    command = (
        "import numpy as np; from gradnoise.gaussianity.statistics import classes as m; "
        "print(m.__file__, m.classify(np.zeros((2, 9), np.float32)))"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "c")}
    environment.pop("NUMBA_CACHE_DIR", None)
    printed = subprocess.check_output([sys.executable, "-c", command], env=environment, text=True)
    assert printed.split() == [str(package / "gaussianity/statistics/classes.py"), "[1", "1]"]
    assert list((tmp_path / "c").rglob("*class_rows*.nbi"))


def test_every_statistic_is_what_it_is_alone() -> None:
    samples = gaussian(50, 60).astype(np.float32)
    samples[:, ::3] = 0.5
    together = describe(samples)
    assert list(together) == [field.name for one in statistics() for field in one.fields]
    for one in statistics():
        for name, values in measure(samples, -1, [one]).items():
            np.testing.assert_array_equal(values, together[name])


def test_fields_and_columns_have_names_of_their_own_and_columns_a_field() -> None:
    fields = [field.name for one in statistics() for field in one.fields]
    names = [column.name for column in columns()]
    assert len(set(fields)) == len(fields)
    assert len(set(names)) == len(names)
    for one in statistics():
        assert {column.field for column in one.columns} <= {field.name for field in one.fields}


def test_percentages_stand_first_and_shares_second() -> None:
    kinds = [column.kind for column in columns()]
    assert kinds == sorted(kinds, key=lambda kind: {"percentage": 0, "share": 1}.get(kind, 2))
    assert columns()[len(kinds) - 1 - kinds[::-1].index("count")].name == "coordinates"


def test_a_statistic_that_needs_more_samples_is_nan() -> None:
    few = describe(gaussian(4, 3))
    for one in statistics():
        for field in one.fields:
            if field.name != "class":
                assert np.isnan(few[field.name]).all() == (one.smallest > 3)


@pytest.mark.parametrize("n", [0, 2, 5001])
def test_number_of_samples_is_checked(n: int) -> None:
    with pytest.raises(ValueError, match=f"found {n} in a series; accepted: 3 to 5000"):
        describe(np.zeros((2, n)))


@pytest.mark.parametrize("test", [shapiro_wilk, anderson_darling, classify, describe])
def test_masked_samples_are_left_out(test: Callable[..., Any]) -> None:
    values = np.random.default_rng(0).normal(size=(3, 20))
    masked = np.ma.masked_array(np.insert(values, 7, 1e9, axis=1), False)
    masked[:, 7] = np.ma.masked
    found, expected = (
        np.array(list(each.values()) if isinstance(each, dict) else list(each))
        for each in (test(masked), test(values))
    )
    np.testing.assert_array_equal(found, expected)
    masked[0, 0] = np.ma.masked
    with pytest.raises(ValueError, match="19 to 20 samples"):
        test(masked)
