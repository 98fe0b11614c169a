"""Loss, accuracy and dead units over training."""

import numpy as np
import pandas as pd
import pytest

from example_figures import SETTINGS, draw
from gradnoise.errors import InputError
from gradnoise.figures import training_curves


def history(seeds: int, layers: int = 2) -> pd.DataFrame:
    rows = []
    for seed in range(seeds):
        for epoch in range(4):
            losses = {
                f"{split}_loss": 2.0 - 0.1 * epoch + 0.2 * seed for split in ("train", "test")
            }
            accuracies = {f"{split}_accuracy": 0.2 * epoch for split in ("train", "test")}
            dead = {f"dead_units_conv{n}": 0.01 * n * epoch for n in range(1, layers + 1)}
            rows.append({"seed": seed, "epoch": epoch, **losses, **accuracies, **dead})
    return pd.DataFrame(rows)


def test_thick_lines_are_means_over_seeds_in_percent():
    loss, accuracy, _ = training_curves.draw(history(2), SETTINGS).axes
    thick = {line.get_label(): line.get_ydata() for line in loss.lines}
    assert list(thick["train"]) == pytest.approx([2.1, 2.0, 1.9, 1.8])
    assert list(accuracy.lines[-1].get_ydata()) == pytest.approx([0, 20, 40, 60])


def test_of_deep_networks_the_six_layers_that_die_most_are_shown():
    panel = training_curves.draw(history(1, layers=9), SETTINGS).axes[-1]
    assert [text.get_text() for text in panel.texts] == [f"conv{n}" for n in range(4, 10)]


def test_regressions_have_no_accuracy_and_dead_units_only_where_counted():
    rows = history(1, layers=0).assign(train_accuracy=np.nan, test_accuracy=np.nan)
    (panel,) = training_curves.draw(rows, SETTINGS).axes
    assert panel.get_title("left") == "Loss per sample"


def test_an_unknown_run_is_named(results, tmp_path):
    with pytest.raises(InputError, match="no run 'resnet' in"):
        draw("training_curves", results, tmp_path / "x.pdf", trained_by="resnet")
