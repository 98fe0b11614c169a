"""What training seeds and repeats can speak of."""

import pytest

from gradnoise.tables.scope import unit, unsaid


def test_three_seeds_speak_of_the_architecture() -> None:
    assert [unit(seeds) for seeds in (1, 2, 3, 4)] == ["repeat", "repeat", "seed", "seed"]


@pytest.mark.parametrize(
    ("seeds", "repeats", "beginning", "end"),
    [
        (
            1,
            1,
            "one training seed and one repeat",
            "two repeats give one for these weights, 3 seeds",
        ),
        (
            2,
            1,
            "2 training seeds and one repeat",
            "two repeats give one for these weights, 3 seeds",
        ),
        (
            1,
            2,
            "one training seed: the intervals",
            "speak of these weights, not of cnn in general.",
        ),
        (2, 5, "2 training seeds: the intervals", "speak of these weights, not of cnn in general."),
        (3, 1, "one repeat of the draws: the", "do not tell one from the other."),
        (3, 2, "", ""),
    ],
)
def test_few_seeds_and_repeats_leave_something_unsaid(
    seeds: int, repeats: int, beginning: str, end: str
) -> None:
    found = unsaid(seeds, repeats, "cnn")
    assert found.startswith(beginning)
    assert end in found
    assert bool(found) is bool(beginning)
