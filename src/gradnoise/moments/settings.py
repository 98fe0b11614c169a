"""What the moments stage is told; the defaults stand in config.yaml."""

from dataclasses import dataclass

from gradnoise.gradients import settings


@dataclass(frozen=True)
class Settings(settings.Settings):
    """What is measured, as the gradients stage was told; moments are of coordinates alone."""
