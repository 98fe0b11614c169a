"""What every entry of the catalogue can do: say what it is, name its files, and read them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gradnoise.data.samples import Source, Task
from gradnoise.data.settings import Settings
from gradnoise.errors import InputError


@dataclass(frozen=True)
class Description:
    """What is known of a data set before it is read.

    Attributes:
        input_shape: of one sample.
        outputs: number of classes, or of regression targets.
        train_samples: number of training samples.
        tokens: whether models see inputs as integers.
        positions: shape of one sample's class labels: () of samples, (T,) of sequences.
    """

    input_shape: tuple[int, ...]
    outputs: int
    train_samples: int
    tokens: bool = False
    positions: tuple[int, ...] = ()


class Entry(Protocol):
    """One entry of the catalogue."""

    @property
    def title(self) -> str:
        """The data set's name for a reader."""

    def describe(self, settings: Settings) -> Description | None:
        """What headers and labels alone say; None where only reading it all tells."""

    def input_files(self, settings: Settings) -> list[Path]:
        """Files and folders of the user that `read` reads."""

    def read(self, settings: Settings) -> Source:
        """The data as they are found: not yet checked, split or cut down to a subset."""


def cut(whole: Description, settings: Settings, task: Task) -> Description:
    """The description of the subset that the settings ask for.

    Raises:
        InputError: where there are not so many training samples, or fewer are asked for than classes.
    """
    wanted, count = settings.subset, whole.train_samples
    least = 1 if task == "regression" else whole.outputs
    if wanted is not None and not least <= wanted <= count:
        raise InputError(
            f"{settings.dataset}: found subset {wanted}; expected {least} to {count} samples"
        )
    return Description(whole.input_shape, whole.outputs, wanted or count)
