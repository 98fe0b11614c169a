"""The geometry section: what is accepted, and what its job asks for."""

import math
from typing import Any

import pytest

from example_config import DEFAULT, edited
from experiment import Experiment, merged
from gradnoise.errors import InputError
from stages import geometry


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "studies",
            ["curvature"],
            r"geometry\.studies\.0: found 'curvature'.*accepted: fluctuations, ",
        ),
        ("studies", ["training", "training"], r"geometry\.studies: each value once"),
        ("rates", [1, 2, 3, 4, 5, 6], r"geometry\.rates: found \[1, 2, 3, 4, 5, 6\]"),
        ("rates", [7, 1, 2, 3, 4, 5, 6], r"geometry\.rates: found \[7\.0, .*ascending"),
        ("q", [0], r"geometry\.q\.0: found 0"),
        ("samples", 151, r"geometry\.samples: found 151"),
        ("images", 20, r"geometry: samples: found 32; accepted: 2 to images = 20"),
        ("depths", [1], r"geometry\.depths\.0: found 1"),
        ("deepest", 29, r"geometry\.deepest: found 29"),
    ],
)
def test_one_line_names_the_key(key: str, value: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Experiment(edited(f"geometry.{key}", value))


def test_time_grows_with_what_is_trained_and_only_then() -> None:
    usual = geometry.resources(Experiment(DEFAULT))
    assert (usual.minutes, usual.threads) == (10, 1)
    training = geometry.resources(Experiment(edited("geometry.studies", ["training"])))
    assert (training.minutes, training.threads) == (10 + 2 * 16 * 8 * 600 // 10_000, 2)
    deep = geometry.resources(Experiment(edited("geometry.studies", ["fluctuations"])))
    assert deep.minutes == 10 + 3000 * 60 // 10_000
    related = geometry.resources(Experiment(edited("geometry.studies", ["relation"])))
    assert (related.minutes, related.threads) == (10 + 2 * 5 * 1000 // 1_500, 2)


def test_memory_grows_with_the_weights_and_with_networks_beside_each_other() -> None:
    alone = [
        geometry.resources(
            Experiment(merged(DEFAULT, {"geometry": {"depths": depths, "width": w}}))
        )
        for depths, w in (([16], 64), ([3, 50], 300))
    ]
    grown = math.ceil(100 * 50 * 300**2 / 2**20) - math.ceil(100 * 16 * 64**2 / 2**20)
    assert alone[1].memory - alone[0].memory == grown
    training = geometry.resources(Experiment(edited("geometry.studies", ["training"])))
    assert training.memory == alone[0].memory + 1_100
