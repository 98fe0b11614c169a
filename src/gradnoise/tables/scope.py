"""What training seeds and repeats can speak of, known before anything is measured: no pandas here."""

from typing import Literal

Unit = Literal["seed", "repeat"]

SEEDS_NEEDED = 3  # fewer training seeds say nothing about the next one

REPEATS_NEEDED = 3  # fewer repeats of the draws may agree by chance: no verdict stands on them


def unit(seeds: int) -> Unit:
    """What an interval over this many training seeds varies: the seed, or the repeat within each."""
    return "seed" if seeds >= SEEDS_NEEDED else "repeat"


def unsaid(seeds: int, repeats: int, network: str) -> str:
    """One sentence on what so few seeds and repeats cannot say, empty where both are enough."""
    trained = "one training seed" if seeds == 1 else f"{seeds} training seeds"
    drawn = "one repeat" if repeats == 1 else f"{repeats} repeats"
    few = f"{drawn} of the draws: no claim about percentages is decided by fewer than {REPEATS_NEEDED}"
    if unit(seeds) == "seed":
        return f"{few}." if repeats < REPEATS_NEEDED else ""
    if repeats < REPEATS_NEEDED:
        return f"{trained} and {few}, and intervals never speak of {network} in general."
    return f"{trained}: the intervals speak of these weights, not of {network} in general."
