"""The geometry section: what is accepted, and what its job asks for."""

from typing import Any

import pytest

from example_config import DEFAULT, edited
from experiment import Experiment, merged
from gradnoise.errors import InputError
from sizes import Resources
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


def asked(study: str, **section: Any) -> Resources:
    """What the first job of a study asks for."""
    given = {"geometry": {"studies": [study], **section}}
    return geometry.resources(
        next(iter(Experiment(merged(DEFAULT, given)).pieces("geometry").values()))
    )


@pytest.mark.parametrize(
    ("study", "minutes", "deeper"),
    [
        ("fluctuations", 3000 * 60 // 10_000, 3000 * 60 // 10_000),
        ("initialisation", 10 * 2 * 16 // 150, 10 * 2 * 48 // 150),
        ("relation", 5 * 1000 * 16 // 24_000, 5 * 1000 * 48 // 24_000),
        ("training", 8 * 600 * 16 // 20_000, 8 * 600 * 48 // 20_000),
    ],
)
def test_time_grows_with_the_work_and_every_job_has_one_core(
    study: str, minutes: int, deeper: int
) -> None:
    usual = asked(study)
    assert (usual.minutes, usual.threads) == (10 + minutes, 1)
    assert asked(study, depths=[48]).minutes == 10 + deeper
    assert asked(study, width=128).minutes - 10 >= 4 * minutes


def test_memory_grows_with_the_weights_of_networks_beside_each_other() -> None:
    def grown(study: str, **section: Any) -> float:
        return asked(study, width=300, depths=[50], **section).memory - asked(study).memory

    weights = (50 * 300**2 - 16 * 64**2) / 2**20
    assert grown("initialisation") == pytest.approx(100 * weights, abs=1)
    assert grown("relation") == pytest.approx(100 * 5 * weights, abs=1)
    assert grown("relation", networks=2) == pytest.approx(
        100 * (2 * 50 * 300**2 - 5 * 16 * 64**2) / 2**20, abs=1
    )
    assert grown("training") == pytest.approx(16 * 3 * 8 * weights, abs=1)
    wider = 96 * 150 * (300**2 - 64**2) / 2**20
    assert grown("fluctuations") == pytest.approx(wider, abs=1)
