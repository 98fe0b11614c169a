"""One run: its parameters, and which of them are measured."""

import pytest

from example_config import edited, job
from experiment import Experiment
from gradnoise.errors import InputError
from gradnoise.model import architectures


def test_layers_are_chosen_by_the_name_of_a_layer_or_a_parameter() -> None:
    for layers in (["conv1"], ["conv1.weight"]):
        run = job(config={**edited("noise.layers", layers), "runs": ["cnn"]}).run
        assert [parameter.name for parameter in run.measured] == ["conv1.weight"]


def test_layers_are_chosen_by_a_module_around_them() -> None:
    network = {"name": "resnet20", "arguments": {}}, (3, 32, 32), 10
    for name, count in (("block2", 6), ("block2.layer1", 1), ("block", 0), ("linear", 1)):
        chosen = [p for p in architectures.parameters(*network) if p.is_of(name)]
        assert len([p for p in chosen if p.kind == "weight"]) == count, name
    config = {**edited("noise.layers", ["block2", "linear"]), "runs": ["cnn"]}
    config["model"] |= {"name": "resnet20", "arguments": {"batch_norm": False}}
    assert {p.layer.partition(".")[0] for p in job(config=config).run.measured} == {
        "block2",
        "linear",
    }


def test_biases_are_measured_where_they_are_asked_for() -> None:
    weights, both = job().run, job(config=edited("noise.biases", True)).run
    assert "conv1.bias" not in [parameter.name for parameter in weights.measured]
    assert "conv1.bias" in [parameter.name for parameter in both.measured]


def test_a_layer_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"noise.layers of run cnn: unknown conv9"):
        Experiment(edited("noise.layers", ["conv9"]))


def test_layers_are_looked_for_where_they_are_sampled_only() -> None:
    runs = Experiment(edited("noise.layers", ["conv1"])).runs
    assert not runs["softmax_regression"].epochs  # it has no conv1, and its noise is not sampled
    assert runs["softmax_regression"].subspaces == ["model"]
    assert [parameter.name for parameter in runs["cnn"].measured] == ["conv1.weight"]
    config = edited("noise.layers", ["conv1"])
    config["run_definitions"]["softmax_regression"]["noise"]["checkpoints"] = [0]
    with pytest.raises(InputError, match=r"noise.layers of run softmax_regression: unknown conv1"):
        Experiment(config)


def test_a_network_without_weights_needs_biases() -> None:
    run = job().run
    run.parameters = [each for each in run.parameters if each.kind == "bias"]
    del run.measured
    with pytest.raises(InputError, match=r"noise.biases of run cnn: found false"):
        _ = run.measured


def test_the_largest_layer_is_counted_with_its_directions() -> None:
    run = job().run
    assert run.weights == sum(parameter.size for parameter in run.parameters) > 1000
    assert run.largest == 200 + 100
    every = job(config=edited("noise.coordinates", "all")).run
    assert every.largest == max(parameter.size for parameter in every.measured) + 100


@pytest.mark.parametrize(("key", "value"), [("augment", True), ("batch_norm_mode", "train")])
def test_where_a_sample_has_no_gradient_there_are_no_moments(key: str, value: object) -> None:
    assert job().run.has_moments
    assert not job(config=edited(f"noise.{key}", value)).run.has_moments
