"""Every compiled kernel at work on data whose every bit counts; as a program, what each says.

    python example_kernels.py

prints, as JSON, a digest of every array of every exercise, and the kernels that none of them compiled.
"""

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numba.core.dispatcher import Dispatcher

import gradnoise
from gradnoise.balance import sample_diagonal, sample_units
from gradnoise.clt.exact.distance import Law
from gradnoise.clt.value_classes import frequencies
from gradnoise.draws.batches import Draws
from gradnoise.gaussianity.normality import describe
from gradnoise.gradients import directions
from gradnoise.gradients.contractions import Contraction, contract
from gradnoise.gradients.selections import select
from gradnoise.langevin.estimation.projection_fits import fit_projections
from gradnoise.langevin.predictions import StepRule
from gradnoise.langevin.surrogates import commuting_trajectory
from gradnoise.moments.central_powers import PowerSums, run
from gradnoise.noise.gather import cut, gather_means
from gradnoise.related.studies.networks import sparse_features
from gradnoise.related.study import Settings
from gradnoise.tails.growth import growth
from gradnoise.tails.stable.index import METHODS, tail_index

REAL = (np.float32, np.float64)


def dispatchers() -> dict[str, Dispatcher]:
    """Every function of the package that numba compiles, by its full name."""
    found = {}
    for module in pkgutil.walk_packages(gradnoise.__path__, "gradnoise."):
        if not module.name.endswith("__main__"):
            for name, each in vars(importlib.import_module(module.name)).items():
                if isinstance(each, Dispatcher) and each.py_func.__module__ == module.name:
                    found[f"{module.name}.{name}"] = each
    return found


def of_contractions(random: np.random.Generator) -> Iterator[Any]:
    inputs, error = (random.standard_normal(shape, np.float32) for shape in ((7, 80), (7, 30, 23)))
    found = Contraction(
        torch.from_numpy(inputs), torch.from_numpy(error), np.arange(40), np.arange(23), 1
    )
    for count in (0, 20):
        yield from contract(found, select({"w": torch.empty(30, 40)}, 200, count, 0)["w"])


def of_directions(random: np.random.Generator) -> Iterator[Any]:
    for shape in ((directions.SHARE, 50), (5, 5)):
        rows = torch.from_numpy(random.standard_normal((3, shape[0] * shape[1]), np.float32))
        yield directions.project(directions.draw("w", shape, 20, 0), rows)


def of_moments(random: np.random.Generator) -> Iterator[Any]:
    gradients = random.standard_normal((37, 210), np.float32)
    inputs, error = (random.standard_normal(shape, np.float32) for shape in ((37, 90), (37, 3, 9)))
    geometry = np.arange(70), np.arange(9)
    place = random.integers(0, 3, 50), random.integers(0, 70, 50)
    layouts = np.ascontiguousarray(inputs.T), np.ascontiguousarray(error.transpose(1, 2, 0))
    ways: tuple[tuple[tuple[int, int], Callable[[PowerSums], Any]], ...] = (
        ((3, 70), lambda sums: sums.gradients(gradients)),
        ((3, 70), lambda sums: sums.products(inputs, error, *geometry)),
        ((1, 50), lambda sums: sums.chosen(*layouts, *geometry, *place)),
    )
    for shape, work in ways:
        sums = PowerSums.about(random.standard_normal(shape))
        run(work(sums), 1)
        yield from sums.moments(37)


def of_noise(random: np.random.Generator) -> Iterator[Any]:
    gradients, draws = (
        random.standard_normal((500, 40), np.float32),
        Draws(0, 0, "with_replacement", 500),
    )
    for columns in (gradients, gradients[:, :7]):
        yield gather_means(columns, draws, cut(draws, (16, 50), 30))


def of_gaussianity(random: np.random.Generator) -> Iterator[Any]:
    for real in REAL:
        yield describe(random.standard_t(3, (200, 401)).astype(real))
        yield describe(random.standard_normal((50, 50)).astype(real))


def of_tails(random: np.random.Generator) -> Iterator[Any]:
    for real in REAL:
        samples = random.standard_t(3, (6, 801)).astype(real)
        yield [tail_index(samples, method=method) for method in METHODS]
    yield vars(growth(random.standard_normal((1280, 12), np.float32), 0))


def of_clt(random: np.random.Generator) -> Iterator[Any]:
    yield frequencies(random.integers(0, 9, (200, 5)).astype(np.float32))
    law = Law(random.gamma(0.6, size=900))
    yield np.array([law.distance(size) for size in (5, 64, 301)])


def of_langevin(random: np.random.Generator) -> Iterator[Any]:
    steps = random.standard_normal((2, 900, 3), np.float32)
    yield fit_projections(steps.cumsum(axis=1) / 10 + steps)
    rule = StepRule(0.1, 0.9, False, 0.0, 8, "with_replacement", 50)
    room = np.empty((3, 200, 2))
    yield commuting_trajectory(np.array([0.3, 2.0]), np.array([1.0, 5.0]), rule, room, random)


def of_balance(random: np.random.Generator) -> Iterator[Any]:
    seed = int(random.integers(100))
    for inputs in ("rademacher", "gaussian"):
        yield sample_diagonal(2, 0.03, 3, 200, 150, seed, slope=0.7, inputs=inputs)
    goal = random.standard_normal((2, 3))
    yield sample_units(random.standard_normal(3), [0.4, 1.1], goal, 0.02, 2, 200, 70, seed)


def of_related(random: np.random.Generator) -> Iterator[Any]:
    settings = Settings(seed=int(random.integers(100)))
    yield sparse_features.train(settings, 0, 0.5, 400)


EXERCISES = (
    *(of_contractions, of_directions, of_moments, of_noise),
    *(of_gaussianity, of_tails, of_clt, of_langevin, of_balance, of_related),
)


def arrays(found: Any) -> Iterator[np.ndarray]:
    """The arrays in tuples, lists and dictionaries of them."""
    parts = list(found.values()) if isinstance(found, dict) else found
    if isinstance(parts, list | tuple):
        for part in parts:
            yield from arrays(part)
    else:
        yield np.asarray(parts)


def digests() -> dict[str, list[str]]:
    return {
        exercise.__name__: [
            hashlib.sha256(each.tobytes()).hexdigest()
            for each in arrays(list(exercise(np.random.default_rng(0))))
        ]
        for exercise in EXERCISES
    }


def main() -> None:
    found = digests()
    idle = [
        name
        for name, each in dispatchers().items()
        if not each.signatures and each.targetoptions.get("inline") != "always"
    ]
    print(json.dumps({"digests": found, "idle": idle}))


if __name__ == "__main__":
    main()
