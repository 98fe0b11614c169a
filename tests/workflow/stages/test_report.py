"""What the report shows of the config."""

from pathlib import Path

from example_config import DEFAULT, edited
from experiment import Experiment
from gradnoise.figures import catalogue
from gradnoise.report.settings import Settings
from stages import report


def test_the_page_knows_every_section_and_figure_in_its_order() -> None:
    settings = report.settings(Experiment(DEFAULT))
    assert settings["sections"] == list(DEFAULT)
    made = [
        name
        for name, entry in catalogue.entries().items()
        if entry.study in ("", "balance.transition", "geometry.initialisation")
    ]
    assert [figure["name"] for figure in settings["figures"]] == made
    assert all(figure["caption"] for figure in settings["figures"])


def test_the_page_knows_the_command_that_makes_it() -> None:
    files = [Path("config.yaml"), Path("workflow/experiments/quadratic.yaml")]
    command = report.settings(Experiment(DEFAULT, files))["command"]
    assert command == ("snakemake --cores all --configfile workflow/experiments/quadratic.yaml")


def test_captions_of_figures_that_nobody_draws_are_left_out() -> None:
    config = edited("runs", ["cnn"])
    config["balance"]["studies"] = config["geometry"]["studies"] = []
    settings = report.settings(Experiment(config))
    names = [figure["name"] for figure in settings["figures"]]
    assert names[0] == catalogue.HEADLINE
    entries = catalogue.entries().values()
    assert names == [
        entry.name for entry in entries if "momentum" not in entry.needs and not entry.study
    ]


def test_every_run_has_the_ceiling_of_its_own_test() -> None:
    config = edited("run_definitions.cnn.gaussianity", {"significance": 0.01})
    settings = Settings(**report.settings(Experiment(config)))
    assert settings.ceiling("cnn") == 99
    assert settings.ceiling("softmax_regression") == 95
