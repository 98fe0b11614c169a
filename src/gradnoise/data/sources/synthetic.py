"""Linear and logistic regression with known parameters, inputs and label noise."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.entry import Description, cut
from gradnoise.data.samples import Samples, Source, Task
from gradnoise.data.settings import Settings, Synthetic
from gradnoise.draws.streams import Stream, generator
from gradnoise.errors import InputError


@dataclass(frozen=True)
class Regression:
    """Linear or logistic regression as a data set."""

    title: str
    task: Task

    def describe(self, settings: Settings) -> Description:
        """As the settings say."""
        drawn = settings.synthetic
        _require_classes(drawn, self.task)
        whole = Description((drawn.features,), drawn.outputs, drawn.samples)
        return cut(whole, settings, self.task)

    def input_files(self, settings: Settings) -> list[Path]:
        """None: it is drawn."""
        return []

    def read(self, settings: Settings) -> Source:
        """As `generate`."""
        return generate(settings.synthetic, self.task, settings.seed)


def _require_classes(settings: Synthetic, task: Task) -> None:
    if task == "classification" and settings.outputs < 2:
        raise InputError(f"synthetic.outputs: found {settings.outputs}; accepted: 2 or more")


def generate(settings: Synthetic, task: Task, seed: int) -> Source:
    """Draw inputs x, parameters theta of shape (features, outputs) and targets.

    Feature i (from 1) is i^(-a/2) times an independent draw of the input distribution, with a the
    `spectrum_exponent`: a covariance with power-law eigenvalues i^-a where the distribution has variance 1.
    Student t draws are not rescaled (their variance is infinite up to two degrees of freedom). With label
    noise e, `label_noise_scale` times a draw per output:

    * regression: y = x theta + e, float64 (N, outputs);
    * classification: y from the categorical distribution softmax(x theta + e), int64 (N,). At scale 0 the
      logistic model is well specified.

    `parameters` are drawn from N(0, 1 / features) unless given. Training samples do not depend on how many
    test samples there are.

    Raises:
        InputError: for fewer than two classes, or parameters of another shape than (features, outputs).
    """
    _require_classes(settings, task)
    parameters = _parameters(settings, seed)
    train = _draw(settings, task, parameters, seed, "train", settings.samples)
    test = _draw(settings, task, parameters, seed, "test", settings.test_samples)
    outputs = range(settings.outputs)
    classes = tuple(str(label) for label in outputs) if task == "classification" else ()
    name = f"synthetic {task} {json.dumps({**asdict(settings), 'seed': seed}, sort_keys=True)}"
    return Source(name, train, test, task, classes, parameters, normalise=False)


def _parameters(settings: Synthetic, seed: int) -> NDArray[np.float64]:
    """The truth of shape (features, outputs): as given, else drawn from a stream of its own."""
    shape = (settings.features, settings.outputs)
    if settings.parameters is None:
        random = generator(seed, Stream.SYNTHETIC, "parameters")
        return random.standard_normal(shape) / np.sqrt(settings.features)
    parameters = np.array(settings.parameters, float)
    if parameters.shape != shape:
        raise InputError(
            f"synthetic.parameters: found shape {parameters.shape}; expected (features, outputs) = {shape}"
        )
    return parameters


def _draw(
    settings: Synthetic,
    task: Task,
    parameters: NDArray[np.float64],
    seed: int,
    split: str,
    count: int,
) -> Samples:
    features, outputs = parameters.shape
    freedom = settings.degrees_of_freedom
    scale = np.arange(1, features + 1) ** (-settings.spectrum_exponent / 2)

    # A stream per purpose and split: more test samples, or another label noise, leave the inputs as they are.
    def noise(purpose: str, distribution: str, width: int) -> NDArray[np.float64]:
        random = generator(seed, Stream.SYNTHETIC, split, purpose)
        if distribution == "student_t":
            return random.standard_t(freedom, (count, width))
        return random.standard_normal((count, width))

    inputs = scale * noise("inputs", settings.input_distribution, features)
    label_noise = noise("label_noise", settings.label_noise_distribution, outputs)
    outcome = inputs @ parameters + settings.label_noise_scale * label_noise
    if task == "regression":
        return Samples(inputs, outcome)
    # Gumbel's trick: the largest of logits plus Gumbel noise is a draw from their softmax.
    gumbel = generator(seed, Stream.SYNTHETIC, split, "labels").gumbel(size=outcome.shape)
    return Samples(inputs, np.argmax(outcome + gumbel, axis=1))
