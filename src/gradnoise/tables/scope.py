"""What training seeds and repeats can speak of, known before anything is measured: no pandas here."""

from typing import Literal

Unit = Literal["seed", "repeat"]

SEEDS_NEEDED = 3  # fewer training seeds say nothing about the next one


def unit(seeds: int) -> Unit:
    """What an interval over this many training seeds varies: the seed, or the repeat within each."""
    return "seed" if seeds >= SEEDS_NEEDED else "repeat"


def unsaid(seeds: int, repeats: int, network: str) -> str:
    """One sentence on what so few seeds and repeats cannot say, empty where both are enough."""
    trained = "one training seed" if seeds == 1 else f"{seeds} training seeds"
    if unit(seeds) == "seed":
        return (
            "one repeat of the draws: the intervals hold what differs between draws as well as between training "
            "seeds, and do not tell one from the other."
            if repeats == 1
            else ""
        )
    if repeats == 1:
        return (
            f"{trained} and one repeat of the draws: percentages have no interval, and no claim about them "
            f"can be decided; two repeats give one for these weights, {SEEDS_NEEDED} seeds one for {network}."
        )
    return f"{trained}: the intervals speak of these weights, not of {network} in general."
