"""What the report shows of the config."""

from pathlib import Path

from example_config import DEFAULT
from experiment import Experiment
from gradnoise.figures import catalogue
from stages import report


def test_the_page_knows_every_section_and_figure_in_its_order() -> None:
    settings = report.settings(Experiment(DEFAULT))
    assert settings["sections"] == list(DEFAULT)
    assert [figure["name"] for figure in settings["figures"]] == list(catalogue.entries())
    assert all(figure["caption"] for figure in settings["figures"])


def test_the_page_knows_the_command_that_makes_it() -> None:
    files = [Path("config.yaml"), Path("workflow/experiments/quadratic.yaml")]
    command = report.settings(Experiment(DEFAULT, files))["command"]
    assert command == ("snakemake --cores all --configfile workflow/experiments/quadratic.yaml")
