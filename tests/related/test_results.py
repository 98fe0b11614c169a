import json
import math

import h5py
import numpy as np
import pytest

from example_results import call
from gradnoise.errors import InputError
from gradnoise.related.conduct import conduct, load
from gradnoise.related.results import is_judged, read, write
from gradnoise.related.study import Row, Settings

SETTINGS = {"study": "sgld", "seed": 4, "repeats": 3, "length": 0.02}


def test_the_program_writes_what_the_study_gives(tmp_path) -> None:
    call("related", "--settings", json.dumps(SETTINGS), "--output", tmp_path / "sgld.h5")
    expected = conduct("sgld", Settings(seed=4, repeats=3, length=0.02))
    found = read(tmp_path / "sgld.h5")
    assert [row.quantity for row in found.rows] == [row.quantity for row in expected.rows]
    numbers = [[row[1:] for row in rows] for rows in (found.rows, expected.rows)]
    np.testing.assert_array_equal(*numbers)  # to which NaN is its own equal
    for name, array in expected.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
    with h5py.File(tmp_path / "sgld.h5") as file:
        assert dict(file.attrs) == SETTINGS
        assert file["variance"].dims[1].label == "rate"
        assert file["variance"].attrs["units"] == "parameter^2"


def test_words_beyond_ascii_come_back(tmp_path) -> None:
    study = load("implicit_sgd")
    found = conduct("implicit_sgd", Settings(0, 2, 0.02))
    named = found._replace(rows=[found.rows[0]._replace(quantity="η λ"), *found.rows[1:]])
    write(tmp_path / "x.h5", "implicit_sgd", Settings(0, 2, 0.02), study.variables, named)
    assert read(tmp_path / "x.h5").rows[0].quantity == "η λ"


def test_a_missing_file_is_one_line(tmp_path) -> None:
    with pytest.raises(InputError, match=r"none\.h5: expected a complete related file"):
        read(tmp_path / "none.h5")


@pytest.mark.parametrize(
    ("least", "most", "judged"),
    [(-math.inf, math.inf, False), (0.0, math.inf, True), (-math.inf, 2.0, True), (1, 2, True)],
)
def test_a_number_without_a_range_is_only_shown(least, most, judged) -> None:
    assert is_judged(Row("x", 1.0, 0.1, 3, 1.0, least, most)) is judged
