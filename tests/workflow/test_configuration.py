"""The config: what is accepted, and one clear message for what is not."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from gradnoise.errors import InputError
from plan import Experiment
from schemas import configuration

ROOT = Path(__file__).parents[2]
DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())


def edited(path: str, value: Any) -> dict[str, Any]:
    """The default config with one key, dotted, set (or removed, for `...`)."""
    config = deepcopy(DEFAULT)
    *parents, key = path.split(".")
    section = config
    for parent in parents:
        section = section[parent]
    if value is ...:
        del section[key]
    else:
        section[key] = value
    return config


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_the_default_config_is_valid_and_plans_a_job_per_layer() -> None:
    experiment = Experiment(DEFAULT)
    jobs = [
        (run.name, seed, epoch, parameter.name) for run, seed, epoch, parameter in experiment.jobs()
    ]
    assert len(jobs) == len(set(jobs)) == (3 * 2 + 1) * 5
    assert ("cnn", 3, 4, "conv1.weight") in jobs


@pytest.mark.parametrize(
    "name", sorted(p.stem for p in (ROOT / "workflow/experiments").glob("*.yaml"))
)
def test_every_overlay_is_valid_and_has_an_output_of_its_own(name: str) -> None:
    overlay = yaml.safe_load((ROOT / f"workflow/experiments/{name}.yaml").read_text())
    if overlay.get("data", {}).get("dataset") == "image_folder":
        overlay["data"] = {
            "dataset": "cifar10",
            "path": "data",
            "download": True,
        }  # the images themselves need not be here
    experiment = Experiment(configuration.merge(DEFAULT, overlay))
    assert experiment.output != DEFAULT["output"]
    assert list(experiment.jobs())


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("noyse", {}, r"noyse: unknown key \(did you mean 'noise'\?\)"),
        ("noise.batch_size", 3, r"noise.batch_size: unknown key \(did you mean 'batch_sizes'\?\)"),
        ("training.learningrate", 1, r"training.learningrate: unknown key"),
        ("data.synthetic.sample", 3, r"data.synthetic.sample: unknown key .* 'samples'"),
        ("gaussianity.significance", ..., "gaussianity.significance: missing"),
        ("training.epochs", "three", "training.epochs: found 'three'"),
        ("training.learning_rate", -0.1, "training.learning_rate: found -0.1"),
        ("training.optimizer", "adam", "training.optimizer: found 'adam'.*'adamw'"),
        ("training.seeds", 1, "training.seeds: found 1"),
        ("training.seeds", [1, 1], "training.seeds: each value once"),
        ("training.checkpoints", [0, 9], r"training.checkpoints: found \[9\]; the last epoch"),
        ("noise.checkpoints", [0, 6], r"noise.checkpoints: found \[6\]; the last epoch .* = 4"),
        ("noise.layers", ["conv9"], "unknown conv9; accepted: all, or any of conv1"),
        ("noise.sampling", "bootstrap", "noise.sampling: found 'bootstrap'"),
        ("noise.coordinates", "some", "noise.coordinates: found 'some'"),
        ("gaussianity.batches", [2], "gaussianity.batches.*: found 2"),
        ("gaussianity.batches", [5001], "gaussianity.batches.*: found 5001"),
        ("gaussianity.significance", 1.5, "gaussianity.significance: found 1.5"),
        ("model.name", "alexnett", r"unknown model 'alexnett' \(did you mean 'alexnet'\?\)"),
        ("model.arguments", {"width": 3}, "width"),
        (
            "run_definitions.cnn",
            {"trajectory": {"variants": ["plane"]}},
            "'plane' is not in variant_definitions",
        ),
        (
            "trajectory.variant_definitions.plain",
            {"momentun": 0.1},
            r"variant_definitions.plain.momentun: unknown key \(did you mean 'momentum'\?\)",
        ),
        (
            "trajectory.variant_definitions.plain",
            {"momentum": 1.5},
            "variant_definitions.plain.momentum: found 1.5",
        ),
        ("trajectory.batch_size", 20_000, "trajectory.batch_size of run cnn: found 20000"),
        ("trajectory.eigenvectors", 17, "trajectory.eigenvectors: found 17"),
        ("runs", ["softmax_regression"], "noise.checkpoints: found none in any run"),
        ("runs", ["cnn", "cnn"], "'cnn' is listed 2 times"),
        ("runs", ["cn"], r"'cn' is not defined in run_definitions \(did you mean 'cnn'\?\)"),
        ("runs", [], "expected a list of names"),
        ("runs", ["a b"], "letters, digits and underscores"),
        ("run_definitions.cnn", {"nois": {}}, r"run_definitions.cnn.nois: unknown key"),
        ("run_definitions.cnn", {"noise": {"batch": 1}}, "noise.batch: unknown key"),
        ("output", "/tmp/results", "a relative path inside the working directory"),
        ("output", "../results", "a relative path inside the working directory"),
    ],
)
def test_a_bad_value_is_one_message_with_key_finding_and_accepted(
    path: str, value: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message) as raised:
        Experiment(edited(path, value))
    assert len(str(raised.value).splitlines()) <= 2


def test_batches_above_the_data_set_need_replacement() -> None:
    config = edited("noise.batch_sizes", [64, 20_000])
    config["runs"] = ["cnn"]
    assert Experiment(config).runs["cnn"].samples == 10_000
    config["noise"]["sampling"] = "epoch_shuffle"
    with pytest.raises(InputError, match=r"found \[20000\]; without replacement .* 10000"):
        Experiment(config)


@pytest.mark.parametrize(("key", "value"), [("augment", True), ("batch_norm_mode", "train")])
def test_per_sample_gradients_are_refused_where_there_are_none(key: str, value: Any) -> None:
    config = edited("noise.strategy", "per_sample")
    config["noise"][key] = value
    with pytest.raises(InputError, match="strategy: per_sample is impossible with"):
        Experiment(config)


def test_a_checkpoint_that_is_not_saved_is_named() -> None:
    config = edited("noise.checkpoints", [0, 1, 4])
    config["training"]["checkpoints"] = [4]
    with pytest.raises(InputError, match=r"epochs \[1\] are not saved"):
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
    control = experiment.runs["cnn_epoch_shuffle"]
    assert experiment.gradients_of(control, 1, 4) == "cnn"
    other = Experiment(
        edited("run_definitions.cnn_epoch_shuffle.noise", {"coordinates": 9, "checkpoints": [4]})
    )
    assert other.gradients_of(other.runs["cnn_epoch_shuffle"], 1, 4) == "cnn_epoch_shuffle"


def test_where_fewer_batches_are_sampled_than_tested_all_are_tested() -> None:
    for batches, expected in ((600, [200, 600]), (300, [200, 300]), (60, [60])):
        run = Experiment(edited("noise.batches", batches)).runs["cnn"]
        assert run.gaussianity_settings("conv1.weight")["batches"] == expected


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("run_definitions:\n  cnn: {}\n  cnn: {}\n")
    with pytest.raises(InputError, match="line 3: the key 'cnn' is written twice"):
        configuration.check_duplicates(path)


def test_settings_do_not_depend_on_the_order_of_keys_but_on_their_values() -> None:
    config = deepcopy(DEFAULT)
    config["training"] = dict(reversed(config["training"].items()))
    swapped = deepcopy(DEFAULT)
    swapped["training"]["learning_rate"], swapped["training"]["momentum"] = 0.9, 0.05
    settings = [Experiment(c).runs["cnn"].training_settings(1) for c in (DEFAULT, config, swapped)]
    assert settings[0] == settings[1] != settings[2]


def test_repeats_batches_and_sizes_are_no_concern_of_the_gradients() -> None:
    settings = Experiment(DEFAULT).runs["cnn"].gradients_settings(1, 0)
    for key, value in (("repeats", 7), ("batches", 900), ("batch_sizes", [8, 64])):
        other = Experiment(edited(f"noise.{key}", value)).runs["cnn"]
        assert other.gradients_settings(1, 0) == settings


def test_data_sets_that_differ_get_files_that_differ() -> None:
    config = deepcopy(DEFAULT)
    config["run_definitions"]["small"] = {"data": {"subset": 1000}}
    config["runs"] = ["cnn", "small"]
    experiment = Experiment(config)
    assert experiment.runs["cnn"].data == "fashion_mnist_subset"
    assert experiment.runs["small"].data != experiment.runs["cnn"].data
    assert len(experiment.data) == 2


def test_the_schema_file_is_the_schema() -> None:
    written = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())
    assert written == configuration.json_schema()


def test_a_trajectory_takes_what_is_left_open_from_training() -> None:
    run = Experiment(DEFAULT).runs["softmax_regression"]
    plain, heavy = (run.trajectory_settings(1, name) for name in ("plain", "momentum"))
    assert (plain["learning_rate"], plain["momentum"], plain["weight_decay"]) == (0.02, 0.0, 0.05)
    assert (heavy["learning_rate"], heavy["momentum"]) == (0.005, 0.9)
    assert plain["curvature_samples"] is None
    assert run.subspaces == ["linear1.weight", "model"]
    assert run.followed == [1]


def test_a_trajectory_starts_with_the_last_epochs_learning_rate() -> None:
    config = edited("training.milestones", [1, 2, 9])
    settings = Experiment(config).runs["cnn"].trajectory_settings(1, "plain")
    assert settings["learning_rate"] == pytest.approx(0.05 * 0.1**2)


def test_a_trajectory_needs_the_last_checkpoint() -> None:
    config = edited("training.checkpoints", [0, 1])
    config["noise"]["checkpoints"] = [0, 1]
    with pytest.raises(InputError, match="they start at the last epoch, 4, which is not saved"):
        Experiment(config)


def test_a_run_without_noise_has_trajectories_alone() -> None:
    experiment = Experiment(DEFAULT)
    assert not any(run.name == "softmax_regression" for run, *_ in experiment.jobs())
    files = experiment.langevin_files(experiment.runs["softmax_regression"])
    assert len(files) == len(set(files)) == 4 * 2
