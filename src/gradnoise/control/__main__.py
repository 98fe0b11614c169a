"""Stage: control."""

from gradnoise import stage
from gradnoise.control.judgement import control, write_rows
from gradnoise.stage import without_linear_algebra


def main() -> None:
    """Stage: the positive control as one CSV file."""
    arguments = stage.parse("Judge the tails of noise whose tails are known.")
    settings = arguments.settings
    rows = control(settings["batch_sizes"], settings["batches"], settings["seed"])
    write_rows(arguments.output, rows)


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
