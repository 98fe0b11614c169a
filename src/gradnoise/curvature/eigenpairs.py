"""Eigenpairs of a Hessian block, by ARPACK's implicitly restarted Lanczos method."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from gradnoise.curvature.objective import Objective
from gradnoise.draws.streams import Stream, generator

Floats = NDArray[np.float64]

TOLERANCE = 1e-3


class Eigenpairs(NamedTuple):
    """Largest eigenvalues of a Hessian block, in descending order.

    Attributes:
        values: float64 (k,).
        vectors: float32 (k, size), orthonormal rows.
        residuals: float64 (k,), |H v - lambda v| / |lambda_1|.
        converged: whether ARPACK reached its tolerance for all of them; those that it did not are left out.
    """

    values: Floats
    vectors: NDArray[np.float32]
    residuals: Floats
    converged: bool


def eigenpairs(objective: Objective, names: Sequence[str], count: int, seed: int) -> Eigenpairs:
    """Eigenpairs of a Hessian block with the algebraically largest eigenvalues.

    Args:
        objective: the loss, at the position where its Hessian is wanted.
        names: the parameters of the block.
        count: number of eigenpairs; at most the block's size.
        seed: of the Lanczos start vector.

    Returns:
        The eigenpairs that converged (ARPACK's tolerance is `TOLERANCE`); of a block that has no more than
        `count`, which ARPACK cannot take, all of them by a dense solver.
    """
    size = sum(part.numel() for name, part in objective.parameters().items() if name in names)
    count = min(count, size)
    device = objective.position.device

    def product(vector: Floats) -> Floats:
        tensor = torch.from_numpy(vector.astype(np.float32).reshape(-1)).to(device)
        done: Floats = objective.hessian_product(names, tensor).double().cpu().numpy()
        return done

    # ARPACK's own start vector would be another one in every run.
    start = generator(seed, Stream.HESSIAN, *names).standard_normal(size)
    if not np.any(product(start)):
        return _without_curvature(names, count, size, seed)
    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
    converged = True
    if count == size:
        dense = np.array([product(row) for row in np.eye(size)])
        values, vectors = np.linalg.eigh((dense + dense.T) / 2)
    else:
        try:
            values, vectors = eigsh(
                operator, count, which="LA", v0=start, tol=TOLERANCE, ncv=min(size, 2 * count + 4)
            )
        except ArpackNoConvergence as partial:
            values, vectors, converged = partial.eigenvalues, partial.eigenvectors, False
    order = np.argsort(values)[::-1]
    values, vectors = values[order], vectors[:, order]
    # Relative to the largest: small eigenvalues are found to no better than that.
    scale = np.abs(values).max(initial=0.0)
    residuals = [
        np.linalg.norm(product(vector) - value * vector) / scale
        for value, vector in zip(values, vectors.T, strict=True)
    ]
    return Eigenpairs(values, vectors.T.astype(np.float32), np.array(residuals), converged)


def _without_curvature(names: Sequence[str], count: int, size: int, seed: int) -> Eigenpairs:
    """A dead or linear part: every vector is an eigenvector, which ARPACK refuses to find."""
    random = generator(seed, Stream.HESSIAN, *names, "zero")
    basis, _ = np.linalg.qr(random.standard_normal((size, count)))
    nothing = np.zeros(count)
    return Eigenpairs(nothing, basis.T.astype(np.float32), nothing, True)
