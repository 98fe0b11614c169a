"""Random streams, keyed by what they are for.

Every random number of the pipeline comes from `SeedSequence(seed, spawn_key=(purpose, ...))`, never from
the order of jobs or the number of workers.
"""

import zlib
from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a random stream is for. Append only: a number, once used, fixes published results."""

    SUBSET = 0
    SYNTHETIC = 1
    INITIALISATION = 2
    SHUFFLING = 3
    AUGMENTATION = 4
    COORDINATES = 5
    DIRECTIONS = 6
    DRAWS = 7
    DRAW_AUGMENTATION = 8
    CALIBRATION = 9
    HALVES = 10
    LATTICES = 11
    EXACT = 12
    HELD_OUT = 13
    TAILS = 20
    GROWTH = 21
    # 22 is reserved: samples of most influence were once drawn from it.
    CONTROL = 23
    TRAJECTORY = 30
    HESSIAN = 31
    PROJECTIONS = 32
    SURROGATES = 33
    BALANCE = 40
    GEOMETRY = 41
    RELATED = 60


def seed_sequence(seed: int, stream: Stream, *key: int | str) -> np.random.SeedSequence:
    """Independent seed for one purpose; names in `key` enter by their CRC-32.

    Args:
        seed: of the experiment or network.
        stream: the purpose.
        key: what tells draws of one purpose apart (a parameter's name, a repeat, a block).

    >>> seed_sequence(1, Stream.DRAWS, 3).spawn_key
    (7, 3)
    """
    # CRC-32 and not `hash`, which differs from process to process.
    numbers = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in key]
    return np.random.SeedSequence(seed, spawn_key=(int(stream), *numbers))


def generator(seed: int, stream: Stream, *key: int | str) -> np.random.Generator:
    """NumPy generator (PCG64) of `seed_sequence`."""
    return np.random.Generator(np.random.PCG64(seed_sequence(seed, stream, *key)))


def torch_seed(seed: int, stream: Stream, *key: int | str) -> int:
    """63-bit integer for `torch.Generator.manual_seed`, from `seed_sequence`."""
    # Torch takes signed 64-bit seeds: one bit is dropped so that none is negative.
    return int(seed_sequence(seed, stream, *key).generate_state(1, np.uint64)[0] >> np.uint64(1))
