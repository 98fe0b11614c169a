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
                f"{split}_loss": 2.0
                - 0.1 * epoch
                + 0.1 * seed * (seed + 1)
                + 0.3 * (split == "test")
                for split in ("train", "test")
            }
            accuracies = {
                f"{split}_accuracy": scale * epoch - 0.01 * epoch * seed**2
                for split, scale in (("train", 0.25), ("test", 0.2))
            }
            dead = {
                f"dead_units_conv{n}": 0.01 * n * epoch + 0.001 * epoch * seed**2
                for n in range(1, layers + 1)
            }
            rows.append({"seed": seed, "epoch": epoch, **losses, **accuracies, **dead})
    return pd.DataFrame(rows)


def test_thick_lines_are_means_over_seeds_in_percent():
    panels = training_curves.draw(history(3), SETTINGS).axes
    thick = [{line.get_label(): line.get_ydata() for line in axes.lines} for axes in panels]
    # Of seeds 0, 1 and 2: 0, 0.2 and 0.6 above the first one's loss; 0, 1 and 4 % of accuracy an epoch below.
    middle = 0.8 / 3 - 0.1 * np.arange(4)
    assert list(thick[0]["train"]) == pytest.approx(2.0 + middle)
    assert list(thick[0]["test"]) == pytest.approx(2.3 + middle)
    assert list(thick[1]["train"]) == pytest.approx((25 - 5 / 3) * np.arange(4))
    assert list(thick[1]["test"]) == pytest.approx((20 - 5 / 3) * np.arange(4))
    first = next(line for line in panels[2].lines if line.get_linewidth() != 0.5)
    assert list(first.get_ydata()) == pytest.approx((1 + 0.5 / 3) * np.arange(4))


def test_every_seed_has_its_thin_line_in_every_panel():
    figure = training_curves.draw(history(3), SETTINGS)
    thin = [[line for line in axes.lines if line.get_linewidth() == 0.5] for axes in figure.axes]
    assert [len(lines) for lines in thin] == [6, 6, 6]
    assert list(thin[0][2].get_ydata()) == pytest.approx([2.6, 2.5, 2.4, 2.3])
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["train data", "test data", "mean of 3 training seeds", "one seed"]


def test_the_axis_of_losses_begins_near_the_lowest():
    loss = training_curves.draw(history(1), SETTINGS).axes[0]
    assert 1.6 < loss.get_ylim()[0] < 1.7


@pytest.mark.parametrize(("epochs", "marked"), [(12, True), (13, False)])
def test_few_epochs_are_marked_one_by_one(epochs, marked):
    rows = pd.concat(history(1).assign(epoch=epoch) for epoch in range(epochs))
    rows = rows.drop_duplicates("epoch")
    line = training_curves.draw(rows, SETTINGS).axes[0].lines[0]
    assert (line.get_marker() == "o") == marked


def test_layers_without_dead_units_stand_above_the_axis():
    rows = history(1).assign(dead_units_conv1=0.0)
    panel = training_curves.draw(rows, SETTINGS).axes[-1]
    assert panel.get_ylim()[0] < 0


def test_of_deep_networks_the_six_layers_that_die_most_are_shown():
    panel = training_curves.draw(history(1, layers=9), SETTINGS).axes[-1]
    assert [text.get_text() for text in panel.texts] == [f"conv{n}" for n in range(4, 10)]


def test_regressions_have_no_accuracy_and_dead_units_only_where_counted():
    rows = history(1, layers=0).assign(train_accuracy=np.nan, test_accuracy=np.nan)
    (panel,) = training_curves.draw(rows, SETTINGS).axes
    assert panel.get_title("left") == "a  Loss per sample"


def test_an_unknown_run_is_named(results, tmp_path):
    with pytest.raises(InputError, match="no run 'resnet' in"):
        draw("training_curves", results, tmp_path / "x.pdf", trained_by="resnet")
