"""Figures on the page."""

import base64

from PIL import Image

from example_report import CAPTIONS
from gradnoise.report.plates import plate, plates

RUNS = ["cnn", "cnn_shuffled", "softmax"]


def drawn(folder, *names):
    paths = [folder / f"{name}.png" for name in names]
    for path in paths:
        Image.new("RGB", (60, 20), "white").save(path)
    return paths


def test_a_figure_has_the_title_and_caption_of_the_settings(tmp_path):
    (path,) = drawn(tmp_path, "softmax-relaxation")
    found = plate(path, RUNS, CAPTIONS)
    assert (found["run"], found["title"], found["caption"]) == (
        "softmax",
        "Relaxation",
        "It forgets.",
    )
    assert found["alternative"] == "Relaxation, run softmax. It forgets."
    assert base64.b64decode(found["image"].partition(",")[2]) == path.read_bytes()


def test_a_run_whose_name_begins_with_another_keeps_its_figures(tmp_path):
    (path,) = drawn(tmp_path, "cnn_shuffled-training_curves")
    assert plate(path, RUNS, CAPTIONS)["run"] == "cnn_shuffled"


def test_a_figure_without_caption_is_named_by_its_file(tmp_path):
    (path,) = drawn(tmp_path, "cnn-my_own_figure")
    assert plate(path, RUNS, CAPTIONS)["title"] == "My own figure"


def test_figures_stand_by_run_in_the_order_of_the_captions(tmp_path):
    names = ("softmax-relaxation", "cnn-own", "cnn-training_curves", "cnn-percentage_by_batch_size")
    found = [one["name"] for one in plates(drawn(tmp_path, *names), RUNS, CAPTIONS)]
    assert found == ["percentage_by_batch_size", "training_curves", "own", "relaxation"]
