"""The config: what is accepted, and one clear message for what is not."""

import json
from pathlib import Path
from typing import Any

import pytest

import configuration
from example_config import edited
from experiment import Experiment
from gradnoise.errors import InputError
from gradnoise.store.paths import SHARED_STAGES
from stages import calibration


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
        (
            "model.name",
            "alexnett",
            r"found 'alexnett' \(did you mean 'alexnet'\?\).* own as 'package",
        ),
        (
            "training.loss",
            "crossentropy",
            r"found 'crossentropy' \(did you mean .* own as 'package",
        ),
        ("training.loss", "losses.focal:", r"found 'losses.focal:'"),
        ("data.inputs", "token", "data.inputs: found 'token'"),
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
        ("runs", [None], "runs.0: found None"),
        ("runs", ["cnn", "cnn"], "'cnn' is listed 2 times"),
        ("runs", ["cn"], r"'cn' is not defined in run_definitions \(did you mean 'cnn'\?\)"),
        ("model.initialisation", "haar", "model.initialisation: found 'haar'"),
        ("model.initialisation", "orthogonal", "found None with initialisation orthogonal"),
        ("model.q", 0.5, "found 0.5 with initialisation default"),
        ("model.q", 0, "model.q.*: found 0"),
        ("training.manifold", "sphere", "training.manifold: found 'sphere'"),
        (
            "training.manifold",
            "stiefel",
            "found model.initialisation default, orthogonal is needed",
        ),
        (
            "run_definitions.cnn",
            {"training": {"manifold": "stiefel", "optimizer": "adamw"}},
            "stiefel needs the optimizer sgd",
        ),
        (
            "run_definitions.cnn",
            {"training": {"manifold": "stiefel", "nesterov": True}},
            "and nesterov: false",
        ),
        ("runs", ["a b"], "letters, digits and underscores"),
        ("run_definitions.cnn", {"nois": {}}, r"run_definitions.cnn.nois: unknown key"),
        ("run_definitions.cnn", {"noise": {"batch": 1}}, "noise.batch: unknown key"),
        ("output", "/tmp/results", "a relative path inside the working directory"),
        ("output", "../results", "a relative path inside the working directory"),
        ("noise.checkpoints", [-1], r"checkpoints.0: found -1; .* equal to 0, or 'last'$"),
        (
            "noise.checkpoints",
            ["lst"],
            "checkpoints.0: found 'lst'; .* a valid integer, or 'last'$",
        ),
        ("training.checkpoints", [-1], r"checkpoints.0: found -1; .* equal to 0$"),
        ("noise.coordinates", 0, "coordinates: found 0; .* 'all', or greater than or equal to 1$"),
        ("runs", ["Tables"], "runs: found 'Tables', a folder that all runs share; another name"),
    ],
)
def test_a_bad_value_is_one_message_with_key_finding_and_accepted(
    path: str, value: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message) as raised:
        Experiment(edited(path, value))
    assert len(str(raised.value).splitlines()) <= 2


@pytest.mark.parametrize("output", ["", " ", ".", "./", "..", "a/../b", "/results"])
def test_results_lie_inside_the_working_directory(output: str) -> None:
    with pytest.raises(InputError) as raised:
        Experiment(edited("output", output))
    assert str(raised.value) == (
        f"output: found {output!r}; accepted: a relative path inside the working directory, such as results"
    )


@pytest.mark.parametrize(
    "output",
    [
        "src/gradnoise",
        "SRC",
        "data",
        "data/mine",
        ".snakemake",
        ".git/x",
        "workflow",
        "tests",
        "docs",
        "benchmarks",
        "logs",
        "~/r",
        "-r",
    ],
)
def test_results_have_a_folder_of_their_own(output: str) -> None:
    with pytest.raises(InputError) as raised:
        Experiment(edited("output", output))
    assert str(raised.value) == (
        f"output: found {output!r}; results need a folder of their own, such as results: neither benchmarks, "
        "data, docs, logs, src, tests, workflow, nor hidden, nor with a first letter - or ~"
    )


@pytest.mark.parametrize("output", ["config.yaml", "Snakefile/results"])
def test_results_are_no_file(output: str) -> None:
    with pytest.raises(InputError, match=f"output: found '{output}'; .* is a file; accepted: a fo"):
        Experiment(edited("output", output))


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("results/", "results"),
        ("./results", "results"),
        ("a//b/./c", "a/b/c"),
        ("my..results", "my..results"),
        ("results/src", "results/src"),
        ("datasets", "datasets"),
    ],
)
def test_results_lie_where_one_would_think(output: str, expected: str) -> None:
    assert Experiment(edited("output", output)).paths.output == expected


@pytest.mark.parametrize("optimizer", ["adamw", "signsgd"])
def test_a_trajectory_takes_no_step_from_another_optimizer(optimizer: str) -> None:
    config = edited("training.optimizer", optimizer)
    config["runs"] = ["cnn"]
    with pytest.raises(InputError) as raised:
        Experiment(config)
    assert str(raised.value).removeprefix("run cnn: ") == (
        "trajectory.learning_rate: found null in variant plain, as in training, but that was by "
        f"{optimizer}, and a trajectory is SGD's; give learning_rate, weight_decay, or leave out the "
        "variant (trajectory.variants: [])"
    )
    config["trajectory"] |= {"learning_rate": 0.01, "weight_decay": 0.0}
    assert Experiment(config).runs["cnn"].followed == [1]
    config["trajectory"]["variant_definitions"]["plain"] = {"weight_decay": None}
    with pytest.raises(InputError, match=r"trajectory.momentum: .* give momentum, weight_decay"):
        Experiment(config)
    config["run_definitions"]["cnn"] = {}
    assert Experiment(config).runs["cnn"].followed == []


def test_a_checkpoint_that_is_not_saved_is_named() -> None:
    config = edited("noise.checkpoints", [0, 1, 4])
    config["training"]["checkpoints"] = [4]
    with pytest.raises(InputError, match=r"epochs \[1\] are not saved"):
        Experiment(config)


def test_a_trajectory_needs_the_last_checkpoint() -> None:
    config = edited("training.checkpoints", [0, 1])
    config["noise"]["checkpoints"] = [0, 1]
    with pytest.raises(
        InputError, match=r"they start at the last epoch, training.epochs = 4, which"
    ):
        Experiment(config)


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("run_definitions:\n  cnn: {}\n  cnn: {}\n")
    with pytest.raises(InputError, match="line 3: the key 'cnn' is written twice"):
        configuration.check_duplicates(path)


def test_the_schema_file_is_the_schema() -> None:
    assert json.loads(configuration.SCHEMA.read_text()) == configuration.json_schema()


def test_what_no_run_uses_is_checked_too() -> None:
    config = edited("run_definitions.unused", {"nois": {}})
    with pytest.raises(InputError, match=r"run_definitions.unused.nois: unknown key .* 'noise'"):
        Experiment(config)


def test_stiefel_starts_orthogonal_and_has_no_euclidean_trajectories() -> None:
    config = edited("model.initialisation", "orthogonal")
    config["model"]["q"] = 0.5
    config["training"]["manifold"] = "stiefel"
    with pytest.raises(InputError, match=r"leave them out \(trajectory.variants: \[\]\)"):
        Experiment(config)
    config["trajectory"]["variants"] = []
    for run in config["run_definitions"].values():
        run.get("trajectory", {}).pop("variants", None)
    sections = Experiment(config).runs["cnn"].sections
    assert (sections.model.q, sections.training.manifold) == (0.5, "stiefel")


def test_an_experiment_may_be_of_studies_alone() -> None:
    config = edited("runs", [])
    alone = Experiment(config)
    assert alone.data == {}
    assert alone.training_files() == alone.layer_files("clt") == []
    assert {path.split("/")[-1].split("-")[0] for path in alone.figure_files()} <= set(
        SHARED_STAGES
    )
    checked = calibration.settings(alone)
    assert (checked["significances"], checked["batches"]) == ([0.05], [200, 600])
    for stage in SHARED_STAGES:
        config[stage]["studies"] = []
    with pytest.raises(
        InputError, match=r"runs: found none; a run, or a study in balance\.studies or "
    ):
        Experiment(config)
