"""Linear and logistic regression with known parameters, inputs and label noise."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.samples import Samples, Source, Task
from gradnoise.draws.streams import Stream, generator
from gradnoise.errors import InputError

DEFAULTS: dict[str, Any] = {
    "samples": 10_000,
    "test_samples": 2_000,
    "features": 20,
    "outputs": 1,
    "parameters": None,
    "input_distribution": "gaussian",
    "spectrum_exponent": 0.0,
    "label_noise_distribution": "gaussian",
    "label_noise_scale": 1.0,
    "degrees_of_freedom": 3.0,
}


DISTRIBUTIONS = ("gaussian", "student_t")


MINIMUM = {"samples": 1, "test_samples": 1, "features": 1, "outputs": 1}


def validated(settings: Mapping[str, Any], task: Task) -> dict[str, Any]:
    """The settings with defaults filled in.

    Raises:
        InputError: for an unknown key, distribution, or a number out of range.
    """
    unknown = sorted(set(settings) - set(DEFAULTS))
    if unknown:
        raise InputError(f"synthetic: found {unknown[0]!r}; accepted: {', '.join(DEFAULTS)}")
    values = DEFAULTS | dict(settings)
    minimum = MINIMUM | ({"outputs": 2} if task == "classification" else {})
    for key, least in minimum.items():
        if not isinstance(values[key], int) or values[key] < least:
            raise InputError(f"synthetic.{key}: found {values[key]}; accepted: {least} or more")
    for key in ("input_distribution", "label_noise_distribution"):
        if values[key] not in DISTRIBUTIONS:
            raise InputError(
                f"synthetic.{key}: found {values[key]!r}; accepted: {', '.join(DISTRIBUTIONS)}"
            )
    if not values["degrees_of_freedom"] > 0:
        raise InputError(
            f"synthetic.degrees_of_freedom: found {values['degrees_of_freedom']}; accepted: above 0"
        )
    if not values["label_noise_scale"] >= 0:
        raise InputError(
            f"synthetic.label_noise_scale: found {values['label_noise_scale']}; accepted: 0 or more"
        )
    return values


def generate(settings: Mapping[str, Any], task: Task, seed: int) -> Source:
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
        InputError: as `validated`; parameters of another shape than (features, outputs).
    """
    values = validated(settings, task)
    features, outputs = values["features"], values["outputs"]
    if values["parameters"] is None:
        random = generator(seed, Stream.SYNTHETIC, "parameters")
        parameters = random.standard_normal((features, outputs)) / np.sqrt(features)
    else:
        parameters = np.array(values["parameters"], float)
        if parameters.shape != (features, outputs):
            raise InputError(
                f"synthetic.parameters: found shape {parameters.shape}; expected (features, outputs) = "
                f"{(features, outputs)}"
            )
    train = _draw(values, task, parameters, seed, "train", values["samples"])
    test = _draw(values, task, parameters, seed, "test", values["test_samples"])
    classes = tuple(str(label) for label in range(outputs)) if task == "classification" else ()
    name = f"synthetic {task} {json.dumps({**values, 'seed': seed}, sort_keys=True)}"
    return Source(name, train, test, task, classes, parameters, normalise=False)


def _draw(
    values: Mapping[str, Any],
    task: Task,
    parameters: NDArray[np.float64],
    seed: int,
    split: str,
    count: int,
) -> Samples:
    features, outputs = parameters.shape
    freedom = values["degrees_of_freedom"]
    scale = np.arange(1, features + 1) ** (-values["spectrum_exponent"] / 2)

    def noise(purpose: str, distribution: str, width: int) -> NDArray[np.float64]:
        random = generator(seed, Stream.SYNTHETIC, split, purpose)
        if distribution == "student_t":
            return random.standard_t(freedom, (count, width))
        return random.standard_normal((count, width))

    inputs = scale * noise("inputs", values["input_distribution"], features)
    label_noise = noise("label_noise", values["label_noise_distribution"], outputs)
    outcome = inputs @ parameters + values["label_noise_scale"] * label_noise
    if task == "regression":
        return Samples(inputs, outcome)
    # Gumbel's trick: the largest of logits plus Gumbel noise is a draw from their softmax.
    gumbel = generator(seed, Stream.SYNTHETIC, split, "labels").gumbel(size=outcome.shape)
    return Samples(inputs, np.argmax(outcome + gumbel, axis=1))
