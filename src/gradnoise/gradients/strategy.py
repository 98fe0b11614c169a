"""The two ways to mini-batch gradients, which of them a measurement takes, and in what portions. Free of torch."""

import math
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from gradnoise.errors import InputError

Strategy = Literal["per_sample", "per_batch"]

AUGMENTED = "crop and flip are drawn anew for every sample of every batch"
BLOCK = 1 << 26  # bytes of columns, with their noise, at a time at most: more would be no faster
COLUMNS = 32  # of all samples, held at once while batches are drawn
COST = 3  # plain passes that per-sample gradients of the same samples cost, at most


def choose_strategy(
    asked: str,
    obstacle: str | None,
    samples: int,
    per_sample: int,
    memory: int,
    budget: Mapping[str, int],
    drawn: int | None = None,
) -> tuple[Strategy, str]:
    """Decide between per-sample and mini-batch gradients, and say why in a sentence.

    The sentence enters the results, so it names no number that changes from day to day.

    Args:
        asked: "auto", "per_sample" or "per_batch".
        obstacle: why per-sample gradients do not exist, or None.
        samples: number of samples N.
        per_sample: numbers stored for each.
        memory: bytes for buffers.
        budget: bytes that all per-sample gradients may take at most, by what sets that limit.
        drawn: samples in the largest batches, where per-sample gradients serve these alone.

    Raises:
        InputError: for an unknown strategy, or where per-sample gradients are asked for and do not exist.
    """
    size = f"{gradient_bytes(samples, per_sample) / 1e9:.2f} GB"
    if asked not in ("auto", "per_sample", "per_batch"):
        raise InputError(f"strategy: found {asked!r}; accepted: auto, per_sample, per_batch")
    if asked == "per_batch":
        return "per_batch", "strategy: per_batch was asked for"
    if asked == "per_sample":
        if obstacle is not None:
            raise InputError(f"strategy: found per_sample; auto or per_batch is needed: {obstacle}")
        return "per_sample", f"strategy: per_sample was asked for; its gradients take {size}"
    against = obstacle or _too_costly(samples, per_sample, memory, budget, drawn)
    if against is not None:
        return "per_batch", against
    return "per_sample", f"every mini-batch is a mean of {samples} samples' gradients, {size}"


def _too_costly(
    samples: int, per_sample: int, memory: int, budget: Mapping[str, int], drawn: int | None
) -> str | None:
    """Why per-sample gradients are not worth having, or None; arguments as in `choose_strategy`."""
    need = gradient_bytes(samples, per_sample)
    for limit, most in budget.items():
        if need > most:
            return f"per-sample gradients would take {need / 1e9:.2f} GB, more than {limit}"
    # Drawing needs some columns of all samples at once; collecting, all columns of some samples.
    if 4 * max(COLUMNS * samples, 4 * per_sample) > memory:
        return f"per-sample gradients do not fit into {memory / 1e9:.2f} GB of buffers"
    if drawn is not None and drawn < COST * samples:
        return f"{drawn} draws from {samples} samples are few"
    return None


def rows_of_shard(samples: int, per_sample: int, memory: int, chunk_size: int) -> int:
    """Samples a shard: a whole number of passes, and no more than fit in a quarter of the memory.

    Args:
        samples: number of samples N.
        per_sample: numbers stored for each.
        memory: bytes for buffers. Encoding a shard needs as much again for its copies.
        chunk_size: samples a pass.
    """
    most = max(1, min(4096, memory // 4 // (4 * per_sample)))
    step = min(chunk_size, most)
    even = math.ceil(samples / math.ceil(samples / (most // step * step)))
    return math.ceil(even / step) * step


def gradient_bytes(samples: int, per_sample: int) -> int:
    """Bytes on the disk of per-sample gradients, float32, before they are compressed.

    Args:
        samples: number of samples N.
        per_sample: numbers stored for each.
    """
    return 4 * samples * per_sample


def noise_bytes(sizes: int, batches: int, per_batch: int) -> int:
    """Bytes on the disk of one repeat's noise, float32, before it is compressed.

    Args:
        sizes: number of batch sizes S.
        batches: number of batches of each.
        per_batch: numbers stored for each batch.
    """
    return 4 * sizes * batches * per_batch


def machine_memory() -> int:
    """Bytes of this machine's memory: what the system cannot keep of a store is read from the disk again."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def free_disk(folder: Path) -> int:
    """Bytes free for a store that is built in a folder, counting what it already takes."""
    written = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return shutil.disk_usage(folder).free + written
