"""Cost of per-sample moments against bare passes over the same samples, and their agreement with float64.

    python benchmarks/moments.py [SAMPLES] [REPEATS] [THREADS]

Prints the least wall and processor time of alternated runs on THREADS threads (default 2), all in micro-batches of 64. "bare" is
forward and backward of the mean loss, all weight gradients; "ours" the five moments of every parameter, the pass
for the mean and the checks of the model included; "torch.func" the same five from `vmap(grad)`, with the mean
from bare passes, on one micro-batch; "BackPACK" its second moment alone, likewise, where it is installed. The bars are on
the wall time of "ours" over "bare".
"""

import copy
import importlib
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from gradnoise.gradients.differentiation import summed_gradient
from gradnoise.gradients.selections import select
from gradnoise.gradients.verification.problem import Problem
from gradnoise.model import factory
from gradnoise.model.preservation import Kept
from gradnoise.moments import kernels
from gradnoise.moments.per_sample import per_sample_moments

THREADS = int(sys.argv[3]) if len(sys.argv) > 3 else 2
MICRO_BATCH = 64
COMPARED = 96  # samples of the comparison with float64
KINK = 1e-4  # relative difference of float32 from float64 that is no rounding
CASES = (
    ("cnn", (1, 28, 28), None, 4, 3.5),
    ("alexnet", (3, 32, 32), None, 1, 3.9),
    ("alexnet", (3, 32, 32), 20_000, 1, 2.8),
)

Timing = tuple[float, float]


def least(repeats: int, *functions: Callable[[], object]) -> list[Timing]:
    """Least wall and processor time of each function over alternated repeats, seconds."""
    times: list[list[Timing]] = [[] for _ in functions]
    for _ in range(repeats):
        for function, each in zip(functions, times, strict=True):
            begun = time.perf_counter(), time.process_time()
            function()
            each.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
    return [(min(wall for wall, _ in each), min(used for _, used in each)) for each in times]


def by_torch_func(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> None:
    """Two passes: the mean, then whole per-sample gradients and the powers of their deviations."""
    named = {name: parameter.detach() for name, parameter in model.named_parameters()}

    def alone(values, sample, target):  # type: ignore[no-untyped-def]
        outputs = torch.func.functional_call(model, values, (sample[None],))
        return F.cross_entropy(outputs, target[None])

    each = torch.func.vmap(torch.func.grad(alone), in_dims=(None, 0, 0))
    problem = Problem(model, F.cross_entropy, Kept(model))
    batches = [slice(first, first + MICRO_BATCH) for first in range(0, len(inputs), MICRO_BATCH)]
    means = {name: torch.zeros_like(value, dtype=torch.float64) for name, value in named.items()}
    for batch in batches:
        sums = summed_gradient(problem, inputs[batch], targets[batch], list(named))
        for name, total in sums.items():
            means[name] += total / len(inputs)
    powers = {name: torch.zeros(4, *value.shape).double() for name, value in named.items()}
    for batch in batches:
        for name, rows in each(named, inputs[batch], targets[batch]).items():
            centred = rows - means[name].float()
            square = centred * centred
            cubes = centred.abs() * square, centred * square
            for power, values in enumerate((square, *cubes, square * square)):
                powers[name][power] += values.sum(dim=0)


def backpack(model: nn.Module) -> Callable[[torch.Tensor, torch.Tensor], object] | None:
    """One pass that gives BackPACK's sum of squared per-sample gradients; None where it is missing."""
    if importlib.util.find_spec("backpack") is None:
        return None
    package, extensions = (
        importlib.import_module(f"backpack{part}") for part in ("", ".extensions")
    )
    extended, loss = package.extend(model), package.extend(nn.CrossEntropyLoss())

    def second_moment(inputs: torch.Tensor, targets: torch.Tensor) -> None:
        with package.backpack(extensions.SumGradSquared()):
            loss(extended(inputs), targets).backward()

    return second_moment


def compare(
    name: str,
    shape: tuple[int, ...],
    coordinates: int | None,
    samples: int,
    repeats: int,
    bar: float,
) -> None:
    model: nn.Module = factory.build({"name": name, "arguments": {}}, shape, 10, 0).eval()
    inputs, targets = torch.randn(samples, *shape), torch.randint(0, 10, (samples,))
    parameters = list(model.parameters())

    def bare() -> None:
        for first in range(0, samples, MICRO_BATCH):
            batch = slice(first, first + MICRO_BATCH)
            loss = F.cross_entropy(model(inputs[batch]), targets[batch])
            torch.autograd.grad(loss, parameters)

    def ours(verify: bool = True) -> None:
        data = model, F.cross_entropy, inputs, targets
        per_sample_moments(*data, coordinates, MICRO_BATCH, verify=verify)

    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "bare": (1, bare),
        "unproven": (1, lambda: ours(verify=False)),
        "ours": (1, ours),
    }
    one = slice(0, MICRO_BATCH)
    factor = samples // MICRO_BATCH
    ways["torch.func"] = factor, lambda: by_torch_func(model, inputs[one], targets[one])
    peer = backpack(factory.build({"name": name, "arguments": {}}, shape, 10, 0).eval())
    if peer is not None:
        ways["BackPACK"] = (
            samples // MICRO_BATCH,
            lambda: peer(inputs[:MICRO_BATCH], targets[:MICRO_BATCH]),
        )
    bare(), per_sample_moments(model, F.cross_entropy, inputs[:64], targets[:64], coordinates)
    times = least(repeats, *(function for _, function in ways.values()))
    chosen = "all" if coordinates is None else f"{coordinates}"
    print(f"{name}, {samples} samples {shape}, {chosen} coordinates a parameter, {THREADS} threads")
    for (label, (factor, _)), (wall, processor) in zip(ways.items(), times, strict=True):
        ratios = wall * factor / times[0][0], processor * factor / times[0][1]
        limit = {"unproven": f"  (bar {bar:.1f})", "ours": f"  (bar {bar + 1:.1f})"}.get(label, "")
        print(
            f"  {label:<11} {1e3 * wall * factor / samples:7.3f} ms a sample, "
            f"{1e3 * processor * factor / samples:7.3f} ms of processor; "
            f"over bare {ratios[0]:5.2f}, {ratios[1]:5.2f}{limit}"
        )
    compared = slice(0, COMPARED)
    error, kept = disagreement(model, inputs[compared], targets[compared], coordinates)
    print(
        f"  largest difference from float64, of a parameter's largest value: {error:.1e} (bar 1e-5); "
        f"{kept} of {COMPARED} samples, the rest on a rectifier's kink"
    )


def off_the_kinks(
    model: nn.Module, double: nn.Module, inputs: torch.Tensor, targets: torch.Tensor
) -> torch.Tensor:
    """Which samples have the same gradient in float32 and float64.

    A sample on the kink of a rectifier, where rounding decides, says nothing about our arithmetic.
    """

    def gradient(network: nn.Module, sample: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        loss = F.cross_entropy(network(sample[None]), target[None])
        parts = torch.autograd.grad(loss, list(network.parameters()))
        return torch.cat([part.flatten().double() for part in parts])

    agree = []
    for sample, target in zip(inputs, targets, strict=True):
        exact = gradient(double, sample.double(), target)
        error = torch.linalg.vector_norm(gradient(model, sample, target) - exact)
        agree.append(bool(error < KINK * torch.linalg.vector_norm(exact)))
    return torch.tensor(agree)


def disagreement(
    model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, coordinates: int | None
) -> tuple[float, int]:
    """Largest difference from the definition in float64, sample by sample, over all moments; how many samples."""
    double = copy.deepcopy(model).double()
    kept = off_the_kinks(model, double, inputs, targets)
    inputs, targets = inputs[kept], targets[kept]
    found = per_sample_moments(model, F.cross_entropy, inputs, targets, coordinates, MICRO_BATCH)
    named = dict(double.named_parameters())
    selections = select(named, coordinates, 0, 0)

    def gradients() -> Iterator[dict[str, torch.Tensor]]:
        for sample, target in zip(inputs.double(), targets, strict=True):
            loss = F.cross_entropy(double(sample[None]), target[None])
            yield dict(zip(named, torch.autograd.grad(loss, list(named.values())), strict=True))

    means = {name: torch.zeros_like(value) for name, value in named.items()}
    for each in gradients():
        for name, gradient in each.items():
            means[name] += gradient / len(inputs)
    central = {name: torch.zeros(4, *value.shape).double() for name, value in named.items()}
    for each in gradients():
        for name, gradient in each.items():
            centred = gradient - means[name]
            powers = centred**2, centred.abs() ** 3, centred**3, centred**4
            central[name] += torch.stack(powers) / len(inputs)
    worst = 0.0
    for name, moments in found.items():
        for value, exact in zip(moments, (means[name].detach(), *central[name]), strict=True):
            truth = exact.flatten()[torch.from_numpy(selections[name].coordinates)].numpy()
            worst = max(worst, np.abs(value.ravel() - truth).max() / np.abs(truth).max())
    return worst, len(inputs)


def main() -> None:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 2048
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    kernels.warm()
    for name, shape, coordinates, factor, bar in CASES:
        compare(name, shape, coordinates, factor * samples, repeats, bar)


if __name__ == "__main__":
    main()
