"""What a job needs: estimates for a scheduler, generous by a factor of two or so; they never change a result."""

import math
from typing import NamedTuple

from run import UNKNOWN, Run

# Forward and backward passes per second for a network of a million weights on images of 32 x 32 pixels.
CPU_RATE, GPU_RATE = 1_000, 20_000
BASE_MB = 2_500  # Python with torch loaded


class Resources(NamedTuple):
    """What one job asks a scheduler for: MiB of memory, minutes, processors and GPUs."""

    memory: int
    minutes: int
    threads: int = 1
    gpu: int = 0


def gpu(run: Run) -> int:
    """GPUs of a job that computes gradients: one unless the config says `device: cpu` or `mps`."""
    return int(run.sections.training.device in ("auto", "cuda"))


def sampling_gpu(run: Run) -> int:
    """GPUs of a sampling job: none where batches can only be drawn from stored per-sample gradients."""
    return 0 if run.sections.noise.strategy == "per_sample" else gpu(run)


def data_memory(run: Run) -> int:
    """MiB of the training inputs as float32, or of tokens as int64."""
    known = run.description or UNKNOWN
    return (8 if known.tokens else 4) * run.samples * math.prod(known.input_shape) // 2**20


def sampling_memory(run: Run) -> int:
    """MiB: the data, the network and the buffers that the config allows."""
    return BASE_MB + 2 * data_memory(run) + int(2 * run.sections.noise.memory * 1024)


def minutes(run: Run, passes: float) -> int:
    """Minutes for a number of forward and backward passes of single samples."""
    rate = GPU_RATE if gpu(run) else CPU_RATE
    return 10 + int(2 * passes * max(run.weights, 100_000) / 1e6 / rate / 60)


def gradients_minutes(run: Run) -> int:
    """Minutes for per-sample gradients of the whole data set."""
    return minutes(run, run.samples * 10)


def statistics_threads(run: Run) -> int:
    """One thread a job while layers are small, so that layers run side by side; four for large ones."""
    return 1 if run.largest <= 50_000 else 4


def _tests(run: Run) -> int:
    sizes, counts = run.sections.noise.batch_sizes, run.sections.gaussianity.batches
    return len(sizes) * len(counts) * len(run.repeats)


def statistics_memory(run: Run) -> int:
    """MiB: a block of coordinates at a time, all results of a layer."""
    return 1_000 + run.largest * _tests(run) * 64 // 2**20


def statistics_minutes(run: Run) -> int:
    """Minutes for all tests of one layer, at 20 microseconds a test."""
    return 5 + int(run.largest * _tests(run) * 20e-6 / 60)
