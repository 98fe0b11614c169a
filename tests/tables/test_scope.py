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
            "one training seed and one repeat of the draws: no",
            "fewer than 3, and intervals never",
        ),
        (2, 2, "2 training seeds and 2 repeats of the draws: no", "speak of cnn in general."),
        (
            1,
            3,
            "one training seed: the intervals",
            "speak of these weights, not of cnn in general.",
        ),
        (2, 5, "2 training seeds: the intervals", "speak of these weights, not of cnn in general."),
        (3, 1, "one repeat of the draws: no claim", "is decided by fewer than 3."),
        (3, 2, "2 repeats of the draws: no claim", "is decided by fewer than 3."),
        (3, 3, "", ""),
    ],
)
def test_few_seeds_and_repeats_leave_something_unsaid(
    seeds: int, repeats: int, beginning: str, end: str
) -> None:
    found = unsaid(seeds, repeats, "cnn")
    assert found.startswith(beginning)
    assert end in found
    assert bool(found) is bool(beginning)
