"""Where results lie is spelt in one module."""

import re
from pathlib import Path

import pytest

from example_config import DEFAULT, ROOT
from experiment import Experiment
from gradnoise.store.paths import Checkpoint, Paths

PIECES = r"seed-|epoch-|repeat-|/checkpoints|\.zarr|\.h5|training\.csv|report\.html|logs/"


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "Snakefile",
        *(ROOT / "workflow").glob("*.py"),
        *(ROOT / "workflow/stages").glob("*.py"),
        *(ROOT / "workflow/rules").glob("*.smk"),
    ],
    ids=lambda path: path.name,
)
def test_no_other_file_spells_a_result_path(path: Path) -> None:
    assert not re.findall(PIECES, path.read_text())


def test_a_log_lies_where_its_result_does_below_logs() -> None:
    paths = Paths("results")
    at = Checkpoint("cnn", 1, 4)
    layer = paths.layer("tails", at, "conv1.weight")
    assert paths.log(layer) == "logs/results/cnn/seed-1/epoch-4/tails/conv1.weight.log"
    assert paths.log(paths.tables) == "logs/results/tables.log"


def test_no_two_results_of_an_experiment_share_a_path() -> None:
    experiment = Experiment(DEFAULT)
    files = [
        *(
            file
            for stage in ("gaussianity", "clt", "tails")
            for file in experiment.layer_files(stage)
        ),
        *experiment.langevin_files(),
        *experiment.training_files(),
    ]
    assert len(files) == len(set(files))
