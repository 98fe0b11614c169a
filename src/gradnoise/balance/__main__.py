"""The balance stage as a program: one folder of tables for the whole experiment."""

from gradnoise import stage
from gradnoise.balance.results import STUDIES
from gradnoise.balance.settings import Settings
from gradnoise.stage import without_linear_algebra
from gradnoise.store.studies import publish


def main() -> None:
    """Stage: make every study that is asked for."""
    options = stage.parse("Noise balance and exact stationary laws.")
    settings = stage.read_settings(Settings, options.settings)
    publish(options.output, stage.manifest(options), STUDIES, settings.studies, settings)


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
