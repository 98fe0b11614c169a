"""The data set that comes with Gradnoise."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from gradnoise.data.embedded import place
from gradnoise.data.entry import Description, cut
from gradnoise.data.samples import Source
from gradnoise.data.settings import Settings
from gradnoise.data.sources import arrays
from gradnoise.errors import InputError

SHA256 = "6e4abed0bb6402c595cfea615666bced453447f51d05783af7062bd812b850fa"
WHOLE = Description((1, 28, 28), 10, 10_000)


@dataclass(frozen=True)
class Subset:
    """A balanced subset of Fashion-MNIST, held against the checksum known here."""

    title: str = "a subset of Fashion-MNIST"

    def describe(self, settings: Settings) -> Description:
        """Known without the file."""
        return cut(WHOLE, settings, "classification")

    def input_files(self, settings: Settings) -> list[Path]:
        """The file: the one given, of the working directory, or of the checkout."""
        return [place() if settings.path is None else settings.place]

    def read(self, settings: Settings) -> Source:
        """Read the file.

        Raises:
            InputError: where it is missing, or not as published.
        """
        (path,) = self.input_files(settings)
        if path.is_file():
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            if found != SHA256:
                raise InputError(
                    f"{path}: found SHA-256 {found}; expected {SHA256}, the file as published"
                )
        return arrays.read_arrays(path, "classification")
