"""Which tables there are."""

import pandas as pd
import pytest

from gradnoise.errors import InputError
from gradnoise.tables.catalogue import not_repeated, percentages, read, shares, weights


def test_missing_tables_are_named(tmp_path):
    with pytest.raises(InputError, match="did not find"):
        read(tmp_path)


def test_percentages_are_the_columns_with_an_interval():
    names = ["percentage_x", "percentage_x_lower", "percentage_y", "share_z", "size"]
    table = pd.DataFrame(columns=names)
    assert percentages(table) == ["percentage_x"]
    assert shares(table) == ["share_z"]


def test_what_a_control_run_shares_is_not_repeated():
    columns = ["run", "seed", "epoch", "layer", "batch_size", "bound"]
    rows = [
        ("control", 1, 4, "conv1", 16, 0.5),  # the control may stand first
        ("control", 1, 4, "conv1", 32, 0.4),  # a batch size of its own
        ("control", 1, 4, "conv2", 16, float("nan")),
        ("cnn", 1, 4, "conv1", 16, 0.5),
        ("cnn", 1, 4, "conv2", 16, float("nan")),
        ("cnn", 2, 4, "conv1", 16, 0.5),
        ("control", 2, 4, "conv1", 16, 0.51),  # measured anew
        ("other", 1, 4, "conv1", 16, 0.5),  # its own networks, as it happens with the same number
    ]
    table = pd.DataFrame(rows, columns=columns)
    trained_by = {"cnn": "cnn", "control": "cnn", "other": "other"}
    found = not_repeated(table, trained_by)
    expected = table.loc[[1, 3, 4, 5, 6, 7]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)
    assert not_repeated(table[:0], trained_by).empty


def test_weights_stand_for_layers_and_where_there_are_none_a_layers_first_parameter():
    table = pd.DataFrame(
        {
            "run": ["a"] * 4 + ["b"] * 4,
            "layer": ["0", "0", "1", "network", "0", "0", "1", "network"],
            "parameter": ["0.w", "0.b", "1.b", "network", "0.w", "0.b", "1.b", "network"],
            "kind": ["weight", "bias", "bias", "network", "norm", "norm", "bias", "network"],
        }
    )
    assert list(weights(table).index) == [0, 4, 6]
    assert list(weights(table[4:].drop(columns="run")).index) == [4, 6]
