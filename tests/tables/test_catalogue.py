"""Which tables there are."""

import pandas as pd
import pytest

from gradnoise.errors import InputError
from gradnoise.tables.catalogue import percentages, read, shares


def test_missing_tables_are_named(tmp_path):
    with pytest.raises(InputError, match="did not find"):
        read(tmp_path)


def test_percentages_are_the_columns_with_an_interval():
    names = ["percentage_x", "percentage_x_lower", "percentage_y", "share_z", "size"]
    table = pd.DataFrame(columns=names)
    assert percentages(table) == ["percentage_x"]
    assert shares(table) == ["share_z"]
