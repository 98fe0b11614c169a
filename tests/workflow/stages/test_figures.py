"""Which figures a run has data for, and what they read."""

import pytest

from example_config import DEFAULT, edited, job
from experiment import Experiment
from gradnoise.figures import catalogue
from gradnoise.figures.settings import Settings
from gradnoise.store.paths import Paths
from stages import figures

PATHS = Paths("results")


def test_a_run_that_measures_everything_has_every_figure() -> None:
    assert figures.figures_of(job().run)[0] == catalogue.HEADLINE
    missing = set(catalogue.entries()) - set(figures.figures_of(job().run))
    # Its trajectories have no momentum.
    assert missing == {
        name
        for name, entry in catalogue.entries().items()
        if "momentum" in entry.needs or entry.study
    }


def test_figures_of_the_whole_experiment_are_those_of_its_studies() -> None:
    default = {"transition": "balance", "jacobian_and_fisher": "geometry"}
    assert figures.shared(Experiment(DEFAULT)) == default
    config = edited("balance.studies", ["norms", "laws"])
    config["geometry"]["studies"] = ["training"]
    both = Experiment(config)
    assert set(figures.shared(both)) == {
        *("balance_in_training", "stationary_laws"),
        *("learning_rates", "geometry_in_training"),
    }
    assert "results/figures/geometry-learning_rates.pdf" in both.figure_files()
    assert "results/figures/balance-stationary_laws.png" in both.figure_files()
    config["balance"]["studies"] = config["geometry"]["studies"] = []
    none = Experiment(config)
    assert figures.shared(none) == {}
    assert none.piece_folders() == []
    assert not any("figures/balance-" in path for path in none.figure_files())
    settings = figures.shared_settings(both, "balance")
    assert Settings(**settings).run == "balance"


def test_a_run_without_noise_has_figures_of_training_and_trajectories() -> None:
    entries = catalogue.entries()
    drawn = figures.figures_of(job("softmax_regression").run)
    assert "phase_portrait" in drawn
    assert not any("noise" in entries[name].needs for name in drawn)


def test_a_run_that_borrows_its_networks_repeats_no_figure_of_theirs() -> None:
    drawn = figures.figures_of(job("cnn_epoch_shuffle").run)
    assert not {"training_curves", "third_moments", "tail_examples", "percentage_by_epoch"} & set(
        drawn
    )
    assert "predicted_pass_rates" in drawn


def test_batches_from_mini_batches_have_no_predictions() -> None:
    drawn = figures.figures_of(job(config=edited("noise.strategy", "per_batch")).run)
    assert "third_moments" in drawn
    assert not {"predicted_pass_rates", "gaussian_batch_size"} & set(drawn)
    augmented = figures.figures_of(job(config=edited("noise.augment", True)).run)
    assert "third_moments" not in augmented


def test_a_figure_reads_the_last_checkpoint_of_the_first_seed() -> None:
    read = figures.layers(PATHS, job(figure="tail_indices"))
    assert read == ["results/cnn/seed-1/epoch-4/rejection.h5"]
    layers = figures.layers(PATHS, job(figure="third_moments"))
    assert layers[0] == "results/cnn/seed-1/epoch-4/clt/conv1.weight.h5"
    assert len(layers) == len(job().run.measured)
    assert figures.layers(PATHS, job(figure="training_curves")) == []


def test_a_figure_of_the_whole_model_reads_no_layer() -> None:
    follow = {"run": "softmax_regression", "config": DEFAULT}
    whole = figures.layers(PATHS, job(figure="relaxation", **follow))
    every = figures.layers(PATHS, job(figure="entropy_production", **follow))
    folder = "results/softmax_regression/seed-1/epoch-20/langevin"
    assert whole[0] == f"{folder}/plain/model.h5"
    assert len(whole) == len(every) == 5
    read = figures.layers(PATHS, job(figure="entropy_production"))
    assert len(read) == len(job().run.measured) + 1


@pytest.mark.parametrize(
    ("data", "model", "network"),
    [
        ({"dataset": "cifar10", "path": "data", "download": True}, {"name": "alexnet"}, "alexnet"),
        ({"dataset": "image_folder", "path": "x/cifar10-jpeg.tar.xz"}, {"name": "resnet56"}, "resnet56"),
        ({"dataset": "cifar10", "path": "data", "download": True, "subset": 5000}, {"name": "alexnet"}, ""),
        ({"dataset": "cifar10", "path": "data", "download": True}, {"name": "alexnet", "arguments": {"batch_norm": True}}, ""),
        ({"dataset": "image_folder", "path": "x/others.tar"}, {"name": "alexnet"}, ""),
        ({}, {"name": "cnn"}, ""),
    ],
)  # fmt: skip
def test_published_numbers_are_about_a_network_on_all_of_its_data(
    data: dict[str, object], model: dict[str, object], network: str
) -> None:
    run = job().run
    sections = run.sections.model_copy(
        update={
            "data": run.sections.data.model_copy(update=data),
            "model": run.sections.model.model_copy(update=model),
        }
    )
    run.sections = sections
    assert figures.network(run) == network
