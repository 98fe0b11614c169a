"""Speed of gradient noise: prints every ratio against its alternative, measured in this one run.

python benchmarks/noise.py
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import cut, positions
from gradnoise.gradients.parameters import StoredParameter
from gradnoise.gradients.selections import select
from gradnoise.gradients.store import create, read_parameters
from gradnoise.gradients.streaming import streamed_gradients
from gradnoise.model import factory
from gradnoise.model.loss import loss as loss_by_name
from gradnoise.noise import recording
from gradnoise.noise.gather import gather_noise, plan
from gradnoise.noise.minibatches import GradientSampler
from gradnoise.noise.store import NAME
from gradnoise.store.arrays import open_unfinished
from gradnoise.store.work_area import WorkArea

THREADS = 2
MICRO_BATCH = 64
COORDINATES, DIRECTIONS = 20_000, 100
SAMPLES, BATCHES, REPEATS = 50_000, 600, 5  # CIFAR-10 and the paper's settings
SIZES = (64, 128, 256, 512, 1024, 2048)
COLUMNS = 10_000
MEMORY = 1 << 30


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(
    one: Callable[[], object], other: Callable[[], object], rounds: int
) -> tuple[tuple[float, float], str]:
    """Least wall times of two things done in turns, and their ratio beside that of processor times."""
    times = []
    for _ in range(rounds):
        for work in (one, other):
            begun = time.perf_counter(), time.process_time()
            work()
            times.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
    wall = min(time for time, _ in times[::2]), min(time for time, _ in times[1::2])
    processor = min(time for _, time in times[::2]) / min(time for _, time in times[1::2])
    return wall, f"ratio {wall[0] / wall[1]:.3f}, of processor times {processor:.3f}"


def gathering() -> None:
    for samples in (10_000, SAMPLES):
        draws = Draws(0, 0, "with_replacement", samples)
        pieces = cut(draws, SIZES, BATCHES)
        indices, how = positions(draws, pieces), plan(draws, pieces)
        columns = COLUMNS // 5
        gradients = np.random.default_rng(0).standard_normal((samples, columns), np.float32)
        full = gradients.mean(axis=0, dtype=np.float64)
        gather_noise(gradients[:, :32], full[:32], how)
        weights = torch.from_numpy(gradients)
        bags = torch.from_numpy(np.arange(0, indices.size, SIZES[0]))
        chosen = torch.from_numpy(indices).long()
        (ours, theirs), ratio = compare(
            lambda g=gradients, f=full, h=how: gather_noise(g, f, h, THREADS),
            lambda c=chosen, w=weights, b=bags: F.embedding_bag(c, w, b, mode="mean"),
            3,
        )
        scale = COLUMNS / columns
        print(
            f"gather, {indices.size:,} draws from {samples:,} samples, {COLUMNS:,} columns (measured on {columns:,}): "
            f"{ours * scale:.2f} s; embedding_bag over blocks of {SIZES[0]}: {theirs * scale:.2f} s; "
            f"{ratio}"
        )


def alexnet(samples: int) -> GradientSampler:
    random = torch.Generator().manual_seed(0)
    model = factory.build({"name": "alexnet"}, (3, 32, 32), 10, seed=0)
    inputs = torch.randn(samples, 3, 32, 32, generator=random)
    targets = torch.randint(0, 10, (samples,), generator=random)
    weights = [name for name, parameter in model.named_parameters() if parameter.ndim > 1]
    selections = select(dict(model.named_parameters()), COORDINATES, DIRECTIONS, 0, weights)
    draws = Draws(0, 0, "with_replacement", samples)
    loss = loss_by_name("cross_entropy")
    return GradientSampler(model, loss, inputs, targets, selections, draws, micro_batch=MICRO_BATCH)


def bare(sampler: GradientSampler, passes: int) -> None:
    """Forward and backward passes alone, over as many micro-batches."""
    for step in range(passes):
        start = step * MICRO_BATCH % len(sampler.inputs)
        chosen = slice(start, start + MICRO_BATCH)
        sampler.model.zero_grad()
        sampler.loss(sampler.model(sampler.inputs[chosen]), sampler.targets[chosen]).backward()


def by_batches(
    folder: Path, sampler: GradientSampler, sizes: tuple[int, ...], batches: int
) -> None:
    output = folder / "noise.zarr"
    with WorkArea(output, {}, {NAME: output}, kept=False) as work:
        recording.record_minibatches(work, sampler, sizes, batches, MEMORY, {})
        work.publish()
    shutil.rmtree(output)


def per_batch(folder: Path) -> float:
    """Ratio of the per-batch way to the bare passes; returns its seconds for one sample."""
    sampler, sizes, batches = alexnet(1024), SIZES[:-1], 64
    count = max(sizes) * batches + len(sampler.inputs)
    passes = count // MICRO_BATCH
    bare(sampler, 4)
    (ours, theirs), ratio = compare(
        lambda: by_batches(folder, sampler, sizes, batches), lambda: bare(sampler, passes), 3
    )
    print(
        f"per-batch way with its store, AlexNet, {batches} batches of {sizes} nested, full gradient of "
        f"{len(sampler.inputs)} samples, {COORDINATES:,} coordinates a layer: {ours:.2f} s; bare passes of "
        f"the same {count:,} samples: {theirs:.2f} s; {ratio} (bar 1.15)"
    )
    return ours / count


def per_sample(folder: Path, per_batch_seconds: float) -> None:
    """Both ways at the paper's settings, from measured parts."""
    sampler = alexnet(512)
    computing = min(seconds(lambda: collect(sampler)) for _ in range(2)) / len(sampler.inputs)
    columns = 2_000
    gathering = draw_from_store(folder, columns) / columns
    ours = SAMPLES * computing + REPEATS * sampler.width * gathering
    gradients = REPEATS * (max(SIZES) * BATCHES + SAMPLES)
    theirs = gradients * per_batch_seconds
    print(
        f"per-sample way, AlexNet, {SAMPLES:,} samples, {BATCHES} batches of {SIZES}, {REPEATS} repeats, "
        f"extrapolated: {SAMPLES:,} per-sample gradients x {computing * 1e3:.2f} ms (measured on "
        f"{len(sampler.inputs)}) + {REPEATS} x {sampler.width:,} columns x {gathering * 1e3:.3f} ms (read, "
        f"drawn and stored; measured on {columns:,}) = {ours:.0f} s; per-batch way {gradients:,} gradients "
        f"x {per_batch_seconds * 1e3:.2f} ms = {theirs:.0f} s; ratio 1/{theirs / ours:.1f} (bar 1/8)"
    )


def collect(sampler: GradientSampler) -> None:
    parts = sampler.model, sampler.loss, sampler.inputs, sampler.targets, sampler.selections
    for _ in streamed_gradients(*parts):
        pass


def draw_from_store(folder: Path, columns: int) -> float:
    """Seconds to read stored per-sample gradients, draw every batch and store the noise."""
    parameter = StoredParameter(np.arange(columns), 0, {})
    store = open_unfinished(folder / "gradients.zarr")
    create(store, {"layer": parameter}, SAMPLES, 2048)
    group = store["layer"]
    random = np.random.default_rng(0)
    for start in range(0, SAMPLES, 2048):
        stop = min(start + 2048, SAMPLES)
        group["gradient"][start:stop] = random.standard_normal((stop - start, columns), np.float32)
    group["full_gradient"] = np.zeros(columns)
    gradients = read_parameters(store)
    draws = Draws(0, 0, "with_replacement", SAMPLES)

    def draw() -> None:
        output = folder / "drawn.zarr"
        with WorkArea(output, {}, {NAME: output}, kept=False) as work:
            recording.record_gathered(work, gradients, draws, SIZES, BATCHES, MEMORY, {})
            work.publish()
        shutil.rmtree(output)

    return min(seconds(draw) for _ in range(2))


if __name__ == "__main__":
    torch.set_num_threads(THREADS)
    print(f"{THREADS} threads, torch {torch.__version__}, numpy {np.__version__}")
    gathering()
    with tempfile.TemporaryDirectory() as scratch:
        per_sample(Path(scratch), per_batch(Path(scratch)))
