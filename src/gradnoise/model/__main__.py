"""Stage: model."""

import json
from dataclasses import asdict

from gradnoise import stage
from gradnoise.model.factory import build, describe
from gradnoise.model.settings import Settings
from gradnoise.store.whole import write_text


def main() -> None:
    """Describe a user's own model."""
    args = stage.parse("Describe a model's parameters as JSON.")
    settings = stage.read_settings(Settings, args.settings)
    shapes = settings.input_shape, settings.outputs
    model = build(settings.model, *shapes, 0, settings.tokens, settings.positions)
    description = [asdict(parameter) for parameter in describe(model)]
    write_text(args.output, json.dumps(description, indent=1) + "\n")


if __name__ == "__main__":
    stage.run(main)
