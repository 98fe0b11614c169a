"""Cost of per-sample gradients against bare passes over the same samples, and of their store.

    python benchmarks/gradients.py [SAMPLES] [REPEATS]

Prints the least wall and processor time of alternated runs on two threads. "bare" is forward and backward of
the mean loss, all weight gradients, in micro-batches of 64; "ours" the per-sample gradients of 20,000
coordinates and 100 directions per weight, its checks of the model included; "torch.func" is
`vmap(grad)` of whole per-sample gradients, on fewer samples, of which the same coordinates are then taken.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import zarr
from torch import nn

from gradnoise.gradients import contractions, directions
from gradnoise.gradients import store as gradient_store
from gradnoise.gradients.differentiation import one_sample_gradients
from gradnoise.gradients.parameters import StoredParameter
from gradnoise.gradients.selections import Selection, select
from gradnoise.gradients.strategy import rows_of_shard
from gradnoise.gradients.streaming import CHUNK, streamed_gradients
from gradnoise.gradients.verification.dependence import require_independence
from gradnoise.gradients.verification.problem import Problem
from gradnoise.model import factory
from gradnoise.model.preservation import Kept
from gradnoise.store.arrays import open_unfinished

THREADS = 2
MICRO_BATCH = 64
FEW = 8  # times fewer samples for torch.func


def least(repeats: int, *functions: Callable[[], object]) -> list[tuple[float, float]]:
    """Least wall and processor time of each function over alternated repeats, seconds."""
    walls: list[list[float]] = [[] for _ in functions]
    processors: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats):
        for function, wall, processor in zip(functions, walls, processors, strict=True):
            begun = time.perf_counter(), time.process_time()
            function()
            wall.append(time.perf_counter() - begun[0])
            processor.append(time.process_time() - begun[1])
    return [(min(wall), min(processor)) for wall, processor in zip(walls, processors, strict=True)]


WORDS, LENGTH, WIDTH = 1000, 32, 256


class Transformer(nn.Module):
    """A block of a transformer between an embedding and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, WIDTH)
        self.block = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, dropout=0.0, batch_first=True)
        self.out = nn.Linear(WIDTH, 10)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.out(self.block(self.embed(tokens)).mean(1))
        return found


def built_in(name: str, shape: tuple[int, ...], samples: int) -> tuple[nn.Module, torch.Tensor]:
    """A network, and images for it."""
    model = factory.build({"name": name, "arguments": {}}, shape, 10, 0)
    return model, torch.randn(samples, *shape)


def compare(
    name: str, model: nn.Module, inputs: torch.Tensor, coordinates: int, repeats: int
) -> None:
    model.eval()
    samples, shape = len(inputs), tuple(inputs.shape[1:])
    targets = torch.randint(0, 10, (samples,))
    named = dict(model.named_parameters())
    weights = [parameter for parameter in named if parameter.endswith("weight")]
    selections = select(named, coordinates, 100, 0, weights)

    def bare() -> None:
        for first in range(0, samples, MICRO_BATCH):
            batch = slice(first, first + MICRO_BATCH)
            loss = F.cross_entropy(model(inputs[batch]), targets[batch])
            torch.autograd.grad(loss, list(named.values()))

    def ours() -> None:
        require_independence(model, F.cross_entropy, inputs, targets)
        for _ in streamed_gradients(model, F.cross_entropy, inputs, targets, selections):
            pass

    def unproven() -> None:
        data = model, F.cross_entropy, inputs, targets
        for _ in streamed_gradients(*data, selections, verify=False):
            pass

    def torch_func() -> None:
        few = slice(0, samples // FEW)
        problem = Problem(model, F.cross_entropy, Kept(model))
        one_sample_gradients(problem, inputs[few], targets[few], selections)

    bare(), ours()  # warm
    times = least(repeats, bare, unproven, ours, torch_func)
    print(f"{name}, {samples} samples {shape}, {coordinates} coordinates, {THREADS} threads")
    for label, factor, (wall, processor) in zip(
        ("bare", "unproven", "ours", "torch.func"), (1, 1, 1, FEW), times, strict=True
    ):
        ratios = wall * factor / times[0][0], processor * factor / times[0][1]
        print(
            f"  {label:<11} {1e3 * wall * factor / samples:7.3f} ms a sample, "
            f"{1e3 * processor * factor / samples:7.3f} ms of processor; "
            f"over bare {ratios[0]:5.2f}, {ratios[1]:5.2f}"
        )


def store_speed(samples: int, selection: Selection, memory: int = 1 << 30) -> None:
    """Write shards of one parameter and read them back by blocks of columns."""
    count = len(selection.coordinates)
    rows = rows_of_shard(samples, count, memory, CHUNK)
    with tempfile.TemporaryDirectory() as folder:
        store = open_unfinished(Path(folder) / "store.zarr")
        parameter = StoredParameter(selection.coordinates, 0, {})
        gradient_store.create(store, {selection.name: parameter}, samples, rows)
        array = store[f"{selection.name}/gradient"]
        assert isinstance(array, zarr.Array)
        shard = np.random.default_rng(0).standard_normal((rows, count), dtype=np.float32)
        begun = time.perf_counter()
        for first in range(0, samples, rows):
            array[first : first + rows] = shard[: samples - first]
        written = time.perf_counter()
        block = array.chunks[1] * 4
        for first in range(0, count, block):
            array[:, first : first + block]
        read = time.perf_counter()
        plain = Path(folder) / "plain"
        with plain.open("wb") as file:
            for first in range(0, samples, rows):
                shard[: samples - first].tofile(file)
        plain_written = time.perf_counter()
        size = 4 * samples * count / 1e9
        print(
            f"store of {size:.2f} GB, shards of {rows} samples, chunks {array.chunks}: "
            f"write {size / (written - begun):.2f} GB/s (plain file "
            f"{size / (plain_written - read):.2f}), read by {block} columns "
            f"{size / (read - written):.2f} GB/s"
        )


def main() -> None:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 2048
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    for module in (directions, contractions):
        module.warm()
    compare("cnn", *built_in("cnn", (1, 28, 28), 4 * samples), 300, repeats)
    compare("alexnet", *built_in("alexnet", (3, 32, 32), samples), 20_000, repeats)
    tokens = torch.randint(0, WORDS, (samples, LENGTH))
    compare("transformer", Transformer(), tokens, 5_000, repeats)
    store_speed(5_000, select({"weight": torch.empty(200, 200)}, 20_000, 0, 0)["weight"])


if __name__ == "__main__":
    main()
