"""An experiment: its runs, what they share, and their files."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from example_config import DEFAULT, OVERLAYS, edited, overlay
from experiment import Experiment, merged
from gradnoise.errors import InputError
from gradnoise.store.paths import Checkpoint
from run import Job


def test_the_default_config_is_valid_and_plans_a_job_per_layer() -> None:
    experiment = Experiment(DEFAULT)
    jobs = [(job.run.name, job.seed, job.epoch, job.parameter) for job in experiment.jobs()]
    assert len(jobs) == len(set(jobs)) == (3 * 2 + 1) * 5
    assert ("cnn", 3, 4, "conv1.weight") in jobs


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_overlay_is_valid_and_has_an_output_of_its_own(name: str) -> None:
    experiment = Experiment(merged(DEFAULT, overlay(name)))
    assert experiment.paths.output != DEFAULT["output"]
    assert list(experiment.jobs()) or experiment.studies() or experiment.piece_folders()


def test_batches_above_the_data_set_need_replacement() -> None:
    config = edited("noise.batch_sizes", [64, 20_000])
    config["runs"] = ["cnn"]
    assert Experiment(config).runs["cnn"].samples == 10_000
    config["noise"]["sampling"] = "epoch_shuffle"
    with pytest.raises(InputError, match=r"found \[20000\]; without replacement .* 10000"):
        Experiment(config)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("training", {"epochs": 6}, "may override noise, gaussianity, clt and tails only"),
        ("first_seeds", 4, "found 4; accepted: 1 to 3"),
        ("training_from", "nothing", "a name in runs that trains itself"),
        ("noise", {"checkpoints": [7]}, r"run cnn_epoch_shuffle: noise.checkpoints: found \[7\]"),
    ],
)
def test_a_run_that_borrows_a_training_may_only_measure_otherwise(
    key: str, value: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Experiment(edited(f"run_definitions.cnn_epoch_shuffle.{key}", value))


def test_the_control_follows_the_run_it_borrows_from() -> None:
    config = edited("training.seeds", [7, 8])
    config["training"]["epochs"], config["noise"]["checkpoints"] = 2, [0, "last"]
    runs = Experiment(config).runs
    assert (runs["cnn"].seeds, runs["cnn"].epochs) == ([7, 8], [0, 2])
    control = runs["cnn_epoch_shuffle"]
    assert (control.seeds, control.epochs, control.trained_by) == ([7], [2], "cnn")


def test_a_control_shares_the_gradients_that_do_not_depend_on_the_draws() -> None:
    experiment = Experiment(DEFAULT)
    control = Job(experiment.runs["cnn_epoch_shuffle"], seed=1, epoch=4)
    assert experiment.gradients_of(control) == Checkpoint("cnn", 1, 4)
    noise = {"coordinates": 9, "checkpoints": [4]}
    other = Experiment(edited("run_definitions.cnn_epoch_shuffle.noise", noise))
    control = control._replace(run=other.runs["cnn_epoch_shuffle"])
    assert other.gradients_of(control) == Checkpoint("cnn_epoch_shuffle", 1, 4)


def test_data_sets_that_differ_get_files_that_differ() -> None:
    config = deepcopy(DEFAULT)
    config["run_definitions"]["small"] = {"data": {"subset": 1000}}
    config["runs"] = ["cnn", "small"]
    experiment = Experiment(config)
    assert experiment.runs["cnn"].data == "fashion_mnist_subset"
    assert experiment.runs["small"].data != experiment.runs["cnn"].data
    assert len(experiment.data) == 2


def test_a_run_without_noise_has_trajectories_alone() -> None:
    experiment = Experiment(DEFAULT)
    assert not any(job.run.name == "softmax_regression" for job in experiment.jobs())
    files = [file for file in experiment.langevin_files() if "softmax_regression" in file]
    assert len(files) == len(set(files)) == 5


def test_merging_replaces_lists_and_leaves_both_sides_as_they_were() -> None:
    base, override = {"a": {"b": [1, 2], "c": 3}}, {"a": {"b": [4]}, "d": {"e": 5}}
    assert merged(base, override) == {"a": {"b": [4], "c": 3}, "d": {"e": 5}}
    assert base == {"a": {"b": [1, 2], "c": 3}}
    assert override == {"a": {"b": [4]}, "d": {"e": 5}}


def test_defaults_that_were_not_read_are_named(tmp_path: Path) -> None:
    mine, defaults = tmp_path / "mine.yaml", tmp_path / "config.yaml"
    mine.write_text("output: mine")
    defaults.write_text("{}")
    with pytest.raises(InputError, match=r"^config.yaml was not read: found none in .*mine.yaml$"):
        Experiment({"output": "mine"}, [mine])
    with pytest.raises(InputError, match=r"^runs: missing; every key of config.yaml must be there"):
        Experiment({"output": "mine"}, [defaults, mine])
    assert Experiment({**DEFAULT, "output": "mine"}, [mine]).paths.output == "mine"


def test_what_few_seeds_and_repeats_cannot_say_is_noted_of_runs_with_noise() -> None:
    (note,) = Experiment(DEFAULT).notes()
    assert note.startswith("note: run cnn_epoch_shuffle: one training seed: the intervals speak of")
    notes = Experiment(edited("noise.repeats", 1)).notes()
    assert [each.split(":")[1] for each in notes] == [" run cnn", " run cnn_epoch_shuffle"]
    assert "one repeat of the draws" in notes[0]


def borrowing(lender: dict[str, Any], **borrower: Any) -> Experiment:
    """A run of three seeds and two checkpoints, and one that measures its networks."""
    config = deepcopy(DEFAULT)
    config["runs"] = ["big", "small"]
    definitions = {"big": lender, "small": {"training_from": "big", **borrower}}
    config["run_definitions"] = definitions
    return Experiment(config)


@pytest.mark.parametrize(
    ("seed", "epoch", "shared"), [(1, 4, True), (1, 0, True), (3, 4, False), (1, 2, False)]
)
def test_gradients_are_borrowed_where_the_other_run_has_them(
    seed: int, epoch: int, shared: bool
) -> None:
    experiment = borrowing({"first_seeds": 2}, noise={"checkpoints": [0, 2, 4], "repeats": 9})
    job = Job(experiment.runs["small"], seed, epoch)
    assert experiment.gradients_of(job) == Checkpoint("big" if shared else "small", seed, epoch)


def test_a_borrowed_runs_first_seeds_are_not_inherited() -> None:
    runs = borrowing({"first_seeds": 1}).runs
    assert (runs["big"].seeds, runs["small"].seeds) == ([1], [1, 2, 3])
    runs = borrowing({}, first_seeds=2).runs
    assert (runs["big"].seeds, runs["small"].seeds) == ([1, 2, 3], [1, 2])


@pytest.mark.parametrize(("size", "fits"), [(10_000, True), (10_001, False)])
@pytest.mark.parametrize("key", ["training.batch_size", "trajectory.batch_size"])
def test_no_batch_of_training_or_of_a_trajectory_is_larger_than_the_data(
    key: str, size: int, fits: bool
) -> None:
    config = edited(key, size)
    config["runs"] = ["cnn"]
    if fits:
        assert Experiment(config)
    else:
        with pytest.raises(InputError, match=f"{key} of run cnn: found 10001; at most the 10000"):
            Experiment(config)


def test_batches_without_replacement_are_at_most_the_data() -> None:
    for size in (10_000, 10_001):
        config = edited("noise.batch_sizes", [64, size])
        config["runs"], config["noise"]["sampling"] = ["cnn"], "epoch_shuffle"
        if size > 10_000:
            with pytest.raises(InputError, match=r"found \[10001\]; without replacement"):
                Experiment(config)
        else:
            assert Experiment(config)


def test_files_are_those_of_every_run_seed_epoch_layer_and_variant() -> None:
    config = deepcopy(DEFAULT)
    config["output"], config["runs"] = "there", ["big", "small"]
    config["run_definitions"] = {
        "big": {
            "training": {"seeds": [7, 8, 9], "epochs": 6},
            "noise": {"checkpoints": [2, 6], "layers": ["conv1", "linear2"]},
            "trajectory": {"variants": ["plain", "momentum"], "networks": 2, "layers": False},
        },
        "small": {
            "training_from": "big",
            "first_seeds": 1,
            "noise": {"checkpoints": [6], "layers": ["conv2"]},
            "trajectory": {"variants": []},
        },
    }
    experiment = Experiment(config)
    places = [("big", s, e, p) for s in (7, 8, 9) for e in (2, 6) for p in ("conv1", "linear2")]
    places.append(("small", 7, 6, "conv2"))
    for stage in ("gaussianity", "clt", "tails"):
        assert experiment.layer_files(stage) == [
            f"there/{run}/seed-{seed}/epoch-{epoch}/{stage}/{layer}.weight.h5"
            for run, seed, epoch, layer in places
        ]
    assert experiment.langevin_files() == [
        f"there/big/seed-{seed}/epoch-6/langevin/{variant}/model.h5"
        for seed in (7, 8)
        for variant in ("plain", "momentum")
    ]
    assert experiment.training_files() == [f"there/big/seed-{s}/training.csv" for s in (7, 8, 9)]
    drawn = experiment.figure_files()
    assert drawn[:3] == [
        f"there/figures/big-percentage_by_batch_size.{end}" for end in ("pdf", "png", "csv")
    ]
    assert len(drawn) == len(set(drawn))
    owners = {Path(path).name.split("-")[0] for path in drawn}
    assert owners >= {"big", "small"}
    assert owners - {"big", "small"} <= {"balance", "geometry", "related"}
    assert not any(path.startswith("there/figures/small-training") for path in drawn)


def test_data_of_runs_have_names_by_what_they_hold() -> None:
    config = deepcopy(DEFAULT)
    config["runs"] = ["a", "b", "c", "d"]
    config["run_definitions"] = {
        "a": None,
        "b": {"data": {"subset": 1000}},
        "c": {"data": {"subset": 2000}},
        "d": {"data": {"subset": 1000}},
    }
    experiment = Experiment(config)
    names = {name: run.data for name, run in experiment.runs.items()}
    assert names["a"] == "fashion_mnist_subset"
    assert names["b"] == names["d"]
    assert len(set(names.values())) == len(experiment.data) == 3
    subsets = {name: section["subset"] for name, section in experiment.data.items()}
    assert [subsets[names[run]] for run in "abcd"] == [None, 1000, 2000, 1000]


def test_convolutions_that_narrow_cannot_be_delta_orthogonal() -> None:
    config = edited(
        "model",
        {"name": "tanh_cnn", "arguments": {}, "initialisation": "delta_orthogonal", "q": 0.5},
    )
    config["runs"], config["run_definitions"] = ["mine"], {"mine": {}}
    assert Experiment(config).runs["mine"].parameters[0].shape[:2] == (
        64,
        1,
    )  # its linear layer narrows, and may
    config["data"] = {**config["data"], "dataset": "cifar10", "path": "data", "download": True}
    config["model"]["name"] = "alexnet"
    with pytest.raises(
        InputError, match="run mine: delta_orthogonal, but conv4 has 256 outputs and 384 inputs"
    ):
        Experiment(config)
    config["model"]["initialisation"] = "orthogonal"
    Experiment(config)
