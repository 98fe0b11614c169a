"""Numbers that the paper gives."""

import pandas as pd
import pytest

from gradnoise.figures.published import number

FITS = {"layer": "conv1", "batch_size": 128, "batches": 200}


@pytest.mark.parametrize(
    ("network", "change", "percentage"),
    [
        ("alexnet", {}, 94.12),
        ("alexnet", {"layer": "conv2"}, None),
        ("alexnet", {"batch_size": 64}, None),
        ("alexnet", {"batches": 600}, None),
        ("resnet56", {"layer": "linear"}, 85.0),
        ("resnet20", {}, None),
        ("", {}, None),
    ],
)
def test_a_number_is_given_where_network_layer_and_batches_fit(network, change, percentage):
    rows = pd.DataFrame([{"layer": "conv5", "batch_size": 64, "batches": 200}, FITS | change])
    found = number(network, rows)
    assert (found and found.percentage) == percentage


def test_layer_and_batch_size_must_meet_in_one_row():
    apart = pd.DataFrame([FITS | {"layer": "conv2"}, FITS | {"batch_size": 64}])
    assert number("alexnet", apart) is None
