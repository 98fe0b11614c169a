"""The directions along which a trajectory is recorded: Hessian eigenvectors, random unit vectors, coordinates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradnoise.curvature.eigenpairs import eigenpairs
from gradnoise.curvature.objective import Objective
from gradnoise.draws.streams import Stream, generator
from gradnoise.trajectory.names import KINDS, MODEL
from gradnoise.trajectory.settings import Settings


@dataclass(frozen=True, eq=False)
class Subspace:
    """Unit vectors over some of a model's parameters.

    Attributes:
        parameters: their names, in the model's order.
        vectors: float32 (k, size): eigenvectors, then random unit vectors, then coordinates.
        kind: (k,) one of `KINDS` for each.
        eigenvalue: float64 (k,), of the Hessian block of the samples used to find them; NaN for the others.
        residual: float64 (k,), |H v - lambda v| / lambda_1; NaN for the others.
        converged: whether the eigensolver reached its tolerance for all that were asked for.
    """

    parameters: tuple[str, ...]
    vectors: NDArray[np.float32]
    kind: tuple[str, ...]
    eigenvalue: NDArray[np.float64]
    residual: NDArray[np.float64]
    converged: bool


def choose(objective: Objective, settings: Settings) -> dict[str, Subspace]:
    """A subspace for every measured parameter, and `MODEL` over all trainable ones.

    Args:
        objective: the loss, whose Hessian blocks give the eigenvectors.
        settings: which parameters, and how many directions of each kind.
    """
    members: dict[str, tuple[str, ...]] = {name: (name,) for name in settings.parameters}
    members[MODEL] = tuple(objective.parameters())
    return {name: _subspace(name, objective, names, settings) for name, names in members.items()}


def _subspace(
    name: str, objective: Objective, parameters: Sequence[str], settings: Settings
) -> Subspace:
    sizes = {key: part.numel() for key, part in objective.parameters().items()}
    size = sum(sizes[each] for each in parameters)
    pairs = eigenpairs(objective, parameters, settings.eigenvectors, settings.seed)
    # A stream for every subspace: measuring another parameter changes no direction of this one.
    random = generator(settings.seed, Stream.PROJECTIONS, name)
    drawn = random.standard_normal((settings.random_directions, size))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    chosen = random.choice(size, min(settings.coordinates, size), replace=False)
    raw = np.zeros((len(chosen), size), np.float32)
    raw[np.arange(len(chosen)), np.sort(chosen)] = 1
    vectors = np.concatenate([pairs.vectors, drawn.astype(np.float32), raw])
    counts = len(pairs.vectors), len(drawn), len(raw)
    kind = [kind for kind, count in zip(KINDS, counts, strict=True) for _ in range(count)]
    nothing = np.full(len(drawn) + len(raw), np.nan)
    return Subspace(
        tuple(parameters),
        vectors,
        tuple(kind),
        np.concatenate([pairs.values, nothing]),
        np.concatenate([pairs.residuals, nothing]),
        pairs.converged,
    )


class Projector:
    """Projects displacements of all parameters onto subspaces.

    Args:
        subspaces: by name.
        sizes: of the trainable parameters in the model's order, by name.
        device: of the displacements.
    """

    def __init__(
        self, subspaces: Mapping[str, Subspace], sizes: Mapping[str, int], device: torch.device
    ) -> None:
        ends = np.cumsum(list(sizes.values()))
        starts = dict(zip(sizes, ends - list(sizes.values()), strict=True))
        self.parts: dict[str, tuple[slice, Tensor]] = {}
        for name, subspace in subspaces.items():
            first, last = subspace.parameters[0], subspace.parameters[-1]
            # A subspace's parameters are neighbours in the model: a view of the displacement, no copy.
            columns = slice(int(starts[first]), int(starts[last]) + sizes[last])
            self.parts[name] = columns, torch.from_numpy(subspace.vectors.T.copy()).to(device)

    def project(self, displacement: Tensor) -> dict[str, Tensor]:
        """Projections (R, k) of displacements (R, P), by subspace."""
        return {
            name: displacement[:, columns] @ vectors
            for name, (columns, vectors) in self.parts.items()
        }
