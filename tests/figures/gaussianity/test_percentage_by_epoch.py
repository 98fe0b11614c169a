"""Percentages over training."""

import pandas as pd

from gradnoise.figures.gaussianity import percentage_by_epoch


def test_residual_networks_show_first_and_sixth_convolution_over_epochs(deep):
    columns = percentage_by_epoch.shown(deep)
    assert list(columns) == ["block 1", "block 2", "block 3"]
    layers = columns["block 2"]["layer"].unique()
    assert list(layers) == ["block2.layer1", "block2.layer6"]


def test_layers_stand_apart_by_what_they_compute_and_many_are_thinned_out():
    layers = [("embedding", 1), ("attention", 20), ("linear", 6), ("other", 2)]
    rows = pd.DataFrame(
        [
            {"parameter": f"{operation}{place}", "operation": operation, "block": 0, "epoch": epoch}
            for epoch in (0, 5)
            for operation, count in layers
            for place in range(count)
        ]
    )
    columns = percentage_by_epoch.shown(rows)
    counts = {title: found["parameter"].nunique() for title, found in columns.items()}
    assert counts == {
        "linear layers": 6,
        "embeddings": 1,
        "6 of 20 attention layers": 6,
        "other weights": 2,
    }
    shown = list(columns["6 of 20 attention layers"]["parameter"].unique())
    assert shown == [f"attention{place}" for place in (0, 4, 8, 11, 15, 19)]
