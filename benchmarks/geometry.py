"""Fisher's largest eigenvalue and steps on the Stiefel manifold beside other libraries, processor time: `python benchmarks/geometry.py [repeats]`.

A tanh network of 16 layers, 64 wide, on 2,000 samples of 28 x 28 pixels, so that no kernel is formed: the same
eigenvalue, start and tolerance by ARPACK over either's products, on one thread. curvlinops comes with `make test`, geoopt
with neither: where they are missing only the times of this project are printed.
"""

import sys
import time
from importlib.util import find_spec

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import nn

from gradnoise.draws.streams import Stream, generator
from gradnoise.geometry import StiefelSGD, expected_fisher, initialise
from gradnoise.geometry.fisher import TOLERANCE
from gradnoise.geometry.stiefel import RETRACTIONS

SAMPLES, WIDTH, DEPTH = 2000, 64, 16


def network() -> nn.Sequential:
    """The network, critical and orthogonal."""
    layers: list[nn.Module] = []
    for inputs, outputs in zip(
        [784] + [WIDTH] * (DEPTH - 1), [WIDTH] * (DEPTH - 1) + [10], strict=True
    ):
        layers += [nn.Linear(inputs, outputs), nn.Tanh()]
    model = nn.Sequential(*layers[:-1])
    initialise(model, "orthogonal", 0.5, seed=1)
    return model


def theirs(model: nn.Module, inputs: torch.Tensor) -> float:
    """By curvlinops's product with the generalised Gauss-Newton matrix."""
    from curvlinops import GGNLinearOperator  # of the tests' packages

    data = [(part, torch.zeros(len(part), dtype=torch.int64)) for part in inputs.split(500)]
    parameters = list(model.parameters())
    operator = GGNLinearOperator(
        model, nn.CrossEntropyLoss(), parameters, data, check_deterministic=False
    )
    size = operator.shape[0]

    def product(vector: np.ndarray) -> np.ndarray:
        given = torch.from_numpy(vector.astype(np.float32).reshape(-1))
        return (operator @ given).detach().double().numpy()

    start = generator(0, Stream.GEOMETRY, "start").standard_normal(size)
    matrix = LinearOperator((size, size), matvec=product, dtype=np.float64)
    return eigsh(matrix, 1, which="LA", v0=start, tol=TOLERANCE, return_eigenvectors=False)[0]


def main() -> None:
    """Print times and values of either, and of steps on the manifold."""
    torch.set_num_threads(1)
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    model = network()
    inputs = torch.randn(SAMPLES, 784, generator=torch.Generator().manual_seed(0))
    ways = {"own": lambda: expected_fisher(model, inputs).eigenvalues(1)[0]}
    if find_spec("curvlinops"):
        ways["curvlinops"] = lambda: theirs(model, inputs)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, find in ways.items():
            begin = time.process_time()
            value = find()
            times[name].append(time.process_time() - begin)
            print(f"Fisher's largest eigenvalue: {name} {times[name][-1]:.2f} s, {value:.6f}")
    if len(times) > 1:
        print(f"own over curvlinops {min(times['own']) / min(times['curvlinops']):.2f} (bar 2)")
    nn.functional.cross_entropy(model(inputs), torch.zeros(SAMPLES, dtype=torch.int64)).backward()
    steps_on_the_manifold(model)


def steps_on_the_manifold(model: nn.Module) -> None:
    """Print processor time of a step of every retraction, and of geoopt's where it is installed, of float32 and float64 weights.

    Retractions are computed in float64 here, in the weights' own precision there.
    """
    for kind in (torch.float32, torch.float64):
        parameters = [nn.Parameter(each.detach().to(kind)) for each in model.parameters()]
        for part, each in zip(parameters, model.parameters(), strict=True):
            assert each.grad is not None
            part.grad = each.grad.to(kind)
        found = {
            f"own, {retraction}": StiefelSGD(parameters, 1e-3, 0.9, retraction=retraction)
            for retraction in RETRACTIONS
        }
        if find_spec("geoopt"):
            found["geoopt, qr"] = geoopts(parameters)
        times = step_times(found)
        for name, seconds in times.items():
            print(f"step on the manifold, {kind}: {name} {1000 * seconds:.2f} ms")
        if "geoopt, qr" in times:
            ratio = times["own, qr"] / times["geoopt, qr"]
            print(f"{kind}: own over geoopt, qr {ratio:.2f} (bar 1.5)")
        else:
            print("geoopt is not installed: no ratio of a step on the manifold")


def geoopts(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """Its Riemannian SGD over copies of the same weights, flattened to no fewer rows than columns."""
    import geoopt  # of nobody's packages: for this comparison alone

    copies = []
    for each in parameters:
        wide = each.ndim > 1 and each.shape[0] < each.shape[1]
        data, slope = (part.detach().T if wide else part.detach() for part in (each, each.grad))
        if each.ndim > 1:
            gain = data.norm() / data.shape[1] ** 0.5
            copy = geoopt.ManifoldParameter((data / gain).contiguous(), geoopt.EuclideanStiefel())
        else:
            copy = nn.Parameter(data.clone())
        copy.grad = slope.contiguous().clone()
        copies.append(copy)
    return geoopt.optim.RiemannianSGD(copies, 1e-3, momentum=0.9)


def step_times(
    optimizers: dict[str, torch.optim.Optimizer], rounds: int = 7, steps: int = 10
) -> dict[str, float]:
    """Processor seconds of a step of each, the least of several rounds in turn."""
    for optimizer in optimizers.values():
        optimizer.step()
    found = dict.fromkeys(optimizers, float("inf"))
    for _ in range(rounds):
        for name, optimizer in optimizers.items():
            begin = time.process_time()
            for _ in range(steps):
                optimizer.step()
            found[name] = min(found[name], (time.process_time() - begin) / steps)
    return found


if __name__ == "__main__":
    main()
