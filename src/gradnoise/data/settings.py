"""What the data stage reads: which data set, from where, and what of it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from gradnoise import stage
from gradnoise.data.inputs import Asked
from gradnoise.data.samples import Task
from gradnoise.errors import InputError

Distribution = Literal["gaussian", "student_t"]


@dataclass(frozen=True)
class Synthetic:
    """Size and distributions of synthetic data.

    Attributes:
        samples: of the training set.
        test_samples: of the test set.
        features: numbers of one input.
        outputs: regression targets, or classes (2 or more).
        parameters: (features, outputs), the truth; None draws them from N(0, 1 / features).
        input_distribution: of every feature.
        spectrum_exponent: a in the variances i^-a of the features i = 1, 2, ...
        label_noise_distribution: of what is added to the outputs.
        label_noise_scale: its factor.
        degrees_of_freedom: of Student's t.
    """

    samples: int = 10_000
    test_samples: int = 2_000
    features: int = 20
    outputs: int = 1
    parameters: Sequence[Sequence[float]] | None = None
    input_distribution: Distribution = "gaussian"
    spectrum_exponent: float = 0.0
    label_noise_distribution: Distribution = "gaussian"
    label_noise_scale: float = 1.0
    degrees_of_freedom: float = 3.0


@dataclass(frozen=True)
class Settings:
    """Which data set, from where, and what of it is kept; the defaults, for notebooks, are those of `config.yaml`.

    Attributes:
        dataset: key of `catalogue.DATA_SETS`.
        path: torchvision's folder, an image folder or tar, or a file of arrays; None where none is needed.
        download: fetch a public data set that is not in the folder.
        image_size: pixels to which the images of an image folder are resized; None leaves them.
        subset: training samples kept, the same number of every class; None for all.
        test_fraction: share held out where the source has no test set.
        standardise: whether models see inputs centred and scaled, by the statistics of the training inputs; if not,
            numbers are as read and images from 0 to 1. Synthetic inputs are always as drawn, tokens as read.
        inputs: of a file of arrays, what integers are: "auto" (8-bit arrays of an image's shape are images, other
            integers tokens), "numbers" or "tokens".
        task: of a file of arrays.
        seed: of the subset, the held-out share and synthetic data.
        synthetic: see there.
    """

    dataset: str = "fashion_mnist_subset"
    path: str | None = None
    download: bool = False
    image_size: int | None = None
    subset: int | None = None
    test_fraction: float = 0.2
    standardise: bool = True
    inputs: Asked = "auto"
    task: Task = "classification"
    seed: int = 0
    synthetic: Synthetic = Synthetic()

    @property
    def place(self) -> Path:
        """The path, which this data set needs.

        Raises:
            InputError: where none is given.
        """
        if self.path is None:
            raise InputError(
                f"data.path: found none; expected the file or folder of {self.dataset}"
            )
        return Path(self.path).expanduser()


def read(given: Mapping[str, Any]) -> Settings:
    """Settings from the stage's JSON, or from the config's section.

    Raises:
        InputError: names every key that is missing or unknown.
    """
    settings = stage.read_settings(Settings, given)
    synthetic: Any = settings.synthetic
    return replace(settings, synthetic=stage.read_settings(Synthetic, synthetic))


def complete(given: Settings | Mapping[str, Any]) -> Settings:
    """Settings of some keys, the others being their defaults.

    Raises:
        InputError: names every key that is unknown.
    """
    if isinstance(given, Settings):
        return given
    synthetic = {**vars(Synthetic()), **(given.get("synthetic") or {})}
    return read({**vars(Settings()), **given, "synthetic": synthetic})
