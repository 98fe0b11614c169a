"""The balance stage as a program: a study as a folder of tables."""

from gradnoise import stage
from gradnoise.stage import without_linear_algebra
from gradnoise.store.studies import load, publish


def main() -> None:
    """Stage: one study."""
    options = stage.parse("Noise balance and exact stationary laws.")
    study = load("balance", options.settings)
    settings = stage.read_settings(study.settings, options.settings)
    publish(options.output, stage.manifest(options), "balance", study, settings)


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
