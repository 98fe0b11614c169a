"""Percentages over training."""

from gradnoise.figures.gaussianity import percentage_by_epoch


def test_residual_networks_show_first_and_sixth_convolution_over_epochs(deep):
    columns = percentage_by_epoch.shown(deep)
    assert list(columns) == ["block 1", "block 2", "block 3"]
    layers = columns["block 2"]["layer"].unique()
    assert list(layers) == ["block2.layer1", "block2.layer6"]
