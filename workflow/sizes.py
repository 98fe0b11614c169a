"""What a job needs: estimates for a scheduler, generous by a factor of two or so; they never change a result.

python workflow/sizes.py CONFIG [CONFIG ...]     prints what the jobs of a config ask for (`sizing.py`)
"""

import math
import sys
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from gradnoise.gradients import strategy
from run import UNKNOWN, Run

# MiB of the two Snakemakes that every job of a cluster brings along; of a process before it holds any data, by what
# it loads, these included; and of CUDA on top.
SNAKEMAKE_MB = 300
STATISTICS_MB, TORCH_MB, CUDA_MB = SNAKEMAKE_MB + 350, SNAKEMAKE_MB + 1_100, 3_000
# Multiply-adds a second, forward and backward, on one core of a server, by what a layer does; others as linear ones.
RATES = {"convolution": 20e9, "linear": 10e9, "recurrent": 1e9}
ACTIVATION = 4e-9  # seconds on that core for every value that a layer or a normalisation gives
GPU_CORES = 20  # of which a GPU takes the place: assumed, not measured
DRAWN = 1e9  # values of samples' gradients added up a second
PASS = 128  # samples that go through a network together, outside training
LEAST, LEAST_STATISTICS = 10, 5  # minutes: queues and file systems are slow at times
TEST = 4e-6  # seconds for a test of a coordinate


class Resources(NamedTuple):
    """What one job asks a scheduler for: MiB of memory, minutes, processors and GPUs.

    `least` is how many of the minutes a job of the stage asks for whatever it does.
    """

    memory: int
    minutes: int
    threads: int = 1
    gpu: int = 0
    least: int = LEAST


def gpu(run: Run) -> int:
    """GPUs of a job that computes gradients: one unless the config says `device: cpu` or `mps`."""
    return int(run.sections.training.device in ("auto", "cuda"))


@cache
def values(run: Run) -> int:
    """Numbers stored for every sample, or batch of one size: coordinates and directions of all measured layers."""
    return sum(map(run.values, run.measured))


@cache
def draws_from_samples(run: Run) -> bool:
    """Whether batches are means of stored per-sample gradients, as far as can be known before the model is there."""
    noise = run.sections.noise
    if noise.strategy != "auto":
        return noise.strategy == "per_sample"
    obstacle = None if run.has_moments else "no sample has a gradient of its own"
    needs = run.samples, values(run), buffers(run)
    return strategy.choose_strategy("auto", obstacle, *needs, budget={})[0] == "per_sample"


def sampling_gpu(run: Run) -> int:
    """GPUs of a job that computes mini-batches: none where they are drawn from stored per-sample gradients."""
    return 0 if draws_from_samples(run) else gpu(run)


def buffers(run: Run) -> int:
    """Bytes that the config allows for buffers."""
    return int(run.sections.noise.memory * 2**30)


def mebibytes(of_bytes: float) -> int:
    """Bytes in MiB, rounded up."""
    return math.ceil(of_bytes / 2**20)


@cache
def data_memory(run: Run) -> int:
    """MiB of the training inputs as float32, or of tokens as int64."""
    known = run.description or UNKNOWN
    return mebibytes((8 if known.tokens else 4) * run.samples * math.prod(known.input_shape))


def model_memory(run: Run, batch: int, copies: int) -> int:
    """MiB of the data, of copies of the network, and of what a batch leaves behind for its backward pass."""
    network = 4 * copies * run.weights + 16 * batch * activations(run)
    return TORCH_MB + CUDA_MB * gpu(run) + 2 * data_memory(run) + mebibytes(network)


@cache
def shard_memory(run: Run) -> int:
    """MiB of a shard of per-sample gradients, all measured layers."""
    rows = strategy.rows_of_shard(run.samples, values(run), buffers(run), PASS)
    return mebibytes(4 * rows * values(run))


@cache
def activations(run: Run) -> int:
    """Values that layers and normalisations give for one sample."""
    giving = (each for each in run.parameters if each.kind == "weight" or each.is_scale)
    return sum(each.shape[0] * each.places for each in giving)


@cache
def seconds(run: Run) -> float:
    """For a forward and a backward pass of one sample, on one core."""
    work = sum(
        each.size * each.places / RATES.get(each.operation, RATES["linear"])
        for each in run.parameters
        if each.kind == "weight" and each.operation != "embedding"
    )
    return work + ACTIVATION * activations(run)


def minutes(run: Run, passes: float) -> int:
    """Minutes for a number of forward and backward passes of single samples."""
    cores = GPU_CORES if gpu(run) else run.sections.training.torch_threads
    return LEAST + int(2 * passes * seconds(run) / cores / 60)


def statistics_threads(run: Run) -> int:
    """One thread a job while layers are small, so that layers run side by side; four for large ones."""
    return 1 if run.largest <= 50_000 else 4


def joining(run: Run) -> Resources:
    """Of a job that makes a store of other jobs' parts, and may take means off what is in it."""
    means = 0 if draws_from_samples(run) else buffers(run)
    return Resources(STATISTICS_MB + mebibytes(means), LEAST)


def tests(run: Run) -> int:
    """Of one coordinate: batch sizes, numbers of batches and repeats."""
    sizes, counts = run.sections.noise.batch_sizes, run.sections.gaussianity.batches
    return len(sizes) * len(counts) * len(run.repeats)


def block_memory(run: Run) -> int:
    """MiB of a block of a layer's noise: some coordinates of one repeat and size, all batches."""
    return mebibytes(min(2**22, 4 * run.largest * run.sections.noise.batches))


def statistics_memory(run: Run) -> int:
    """MiB: a block of coordinates at a time, all results of a layer."""
    return STATISTICS_MB + 3 * block_memory(run) + mebibytes(64 * run.largest * tests(run))


def statistics_minutes(seconds: Iterable[float], least: int = LEAST_STATISTICS) -> int:
    """Minutes for layers of so much work each, one after another."""
    return least + int(2 * sum(seconds) / 60)


if __name__ == "__main__":
    from sizing import main  # which imports this file as `sizes`, as the stages do

    main(sys.argv[1:])
