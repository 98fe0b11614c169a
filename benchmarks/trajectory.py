"""Eight replicas of SGD against one, on one thread: `python benchmarks/trajectory.py [steps]`.

Networks of linear layers advance all replicas in one batched call, others one replica after the other; both ways
are timed here for every network, whichever the stage takes.
"""

import sys
import time

import torch

from gradnoise.model import factory
from gradnoise.model.loss import loss
from gradnoise.trajectory.replicas import Replicas, Step, is_batched

REPLICAS = 8
CASES = [
    *(("linear", 64, 3.0), ("linear", 16, 3.0), ("mlp", 64, 3.0), ("mlp", 16, 3.0)),
    ("cnn", 64, 8 * 1.1),
]


def seconds(name: str, batch_size: int, count: int, batched: bool, steps: int) -> float:
    """Seconds a step of `count` replicas, the gathering of their samples included; best of five."""
    model = factory.build({"name": name, "arguments": {}}, (1, 28, 28), 10, seed=0)
    random = torch.Generator().manual_seed(0)
    inputs = torch.randn(10_000, 1, 28, 28, generator=random)
    targets = torch.randint(0, 10, (10_000,), generator=random)
    replicas = Replicas(model, loss("cross_entropy"), Step(0.01, 0.9, False, 5e-4), count, batched)
    draws = torch.randint(0, 10_000, (steps, count * batch_size), generator=random)

    def run() -> float:
        begin = time.perf_counter()
        for indices in draws:
            shape = count, batch_size
            replicas.advance(
                inputs.index_select(0, indices).reshape(*shape, 1, 28, 28),
                targets.index_select(0, indices).reshape(shape),
            )
        return (time.perf_counter() - begin) / steps

    run()
    return min(run() for _ in range(5))


def main() -> None:
    """Print one line per network and batch size."""
    torch.set_num_threads(1)
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print("eight replicas over one of the same code, one thread; microseconds a step")
    for name, batch_size, bar in CASES:
        chosen = is_batched(factory.build({"name": name, "arguments": {}}, (1, 28, 28), 10, seed=0))
        number = steps if name == "linear" else max(5, steps // 5)
        one = seconds(name, batch_size, 1, chosen, number)
        ways = {way: seconds(name, batch_size, REPLICAS, way, number) for way in (True, False)}
        print(
            f"{name:7} batch {batch_size:3}: one {1e6 * one:7.0f}, batched {1e6 * ways[True]:7.0f}, "
            f"one after another {1e6 * ways[False]:7.0f}; taken: {'batched' if chosen else 'sequential'}, "
            f"ratio {ways[chosen] / one:.2f} (bar {bar:g})"
        )


if __name__ == "__main__":
    main()
