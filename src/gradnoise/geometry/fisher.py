"""Fisher information of a network without its matrix: products, largest eigenvalues, condition number.

With J_i the Jacobian of sample i's outputs by the parameters, every Fisher information is the mean of
J_i^T S_i S_i^T J_i. S S^T is diag(p) - p p^T for a softmax, the identity for a Gaussian of variance 1 (both expected, and
equal to the generalised Gauss-Newton matrix), or r r^T with the loss's gradient r by the outputs (empirical).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor, nn
from torch.func import functional_call, jacrev, jvp, vjp, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from gradnoise.curvature.objective import flatten, joined, trainable, unflatten
from gradnoise.draws.streams import Stream, generator
from gradnoise.errors import InputError, whole
from gradnoise.geometry.quadrature import Estimate, trace

Floats = NDArray[np.float64]

DENSE_SIDE = 1500  # rows or columns: up to here a dense solver is as fast as Lanczos, and misses no equal ones
DENSE_SIZE = 50_000_000  # elements of the matrix of all Jacobians that is held
CHUNK = 64  # samples whose Jacobians are formed in one pass
MICRO_BATCH = 500  # samples a pass of a product
TOLERANCE = 1e-5  # ARPACK's, of vectors; eigenvalues are better


class Condition(NamedTuple):
    """Condition number over the nonzero spectrum.

    Attributes:
        value: largest over smallest.
        largest, smallest: eigenvalues; the smallest that is above the cutoff.
        rank: how many are.
        cutoff: absolute; what is below counts as 0.
    """

    value: float
    largest: float
    smallest: float
    rank: int
    cutoff: float


@dataclass(frozen=True, eq=False)
class Fisher:
    """A Fisher information over a model's trainable parameters, at their present values.

    Attributes:
        model: on its device; left as it is.
        inputs: the N samples, on the same device.
        root: S, (N, outputs, rank), of the model's precision.
    """

    model: nn.Module
    inputs: Tensor
    root: Tensor

    @property
    def size(self) -> int:
        """Number of trainable parameters P."""
        return sum(part.numel() for _, part in trainable(self.model))

    def product(self, vector: Floats) -> Floats:
        """F times a vector, float64 (P,), by one forward and one backward derivative."""
        position = flatten(self.model)
        parameters = unflatten(self.model, position)
        given = torch.from_numpy(np.ascontiguousarray(vector, np.float64)).to(position)
        along = unflatten(self.model, given)
        total = torch.zeros_like(given, dtype=torch.float64)
        for inputs, root in self._parts(MICRO_BATCH):

            def outputs(parts: dict[str, Tensor], inputs: Tensor = inputs) -> Tensor:
                return functional_call(self.model, parts, (inputs,)).flatten(1)

            # Fused attention has no forward derivative.
            with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
                moved = jvp(outputs, (parameters,), (along,))[1]
                pulled = vjp(outputs, parameters)[1]
            weighted = torch.einsum("nor,nqr,nq->no", root, root, moved)
            total += joined(list(pulled(weighted)[0].values())).double()
        return (total / len(self.inputs)).cpu().numpy()

    def rows(self, names: Sequence[str] | None = None) -> Tensor:
        """The matrix A of which F is A^T A: S_i^T J_i / sqrt(N) of every sample, float64 (N rank, P) on the CPU.

        Args:
            names: of parameters; None for all of them.
        """
        parameters = {
            name: part.detach()
            for name, part in trainable(self.model)
            if names is None or name in names
        }

        def weighted(parts: dict[str, Tensor], sample: Tensor, root: Tensor) -> Tensor:
            outputs = functional_call(self.model, parts, (sample.unsqueeze(0),)).reshape(-1)
            return root.T @ outputs

        derivatives: Any = vmap(jacrev(weighted), in_dims=(None, 0, 0))
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
            parts = [
                torch.cat([each.flatten(2) for each in derivatives(parameters, *part).values()], 2)
                for part in self._parts(CHUNK)
            ]
        return torch.cat(parts).flatten(0, 1).double().cpu() / len(self.inputs) ** 0.5

    def eigenvalues(self, count: int, seed: int = 0) -> Floats:
        """The largest eigenvalues, float64 (count,), descending, with their multiplicity.

        Dense where the parameters, or samples times rank, are few; otherwise by ARPACK's Lanczos, which may find equal
        eigenvalues fewer times than they occur.

        Args:
            count: at most the number of parameters.
            seed: of the Lanczos start vector.
        """
        if whole("count", count) > self.size:
            raise InputError(f"count: found {count}; the model has {self.size} parameters")
        if self._dense():
            values = _gram_eigenvalues(self.rows())[:count]
            return np.pad(values, (0, count - len(values)))
        operator = LinearOperator((self.size, self.size), matvec=self.product, dtype=np.float64)
        start = generator(seed, Stream.GEOMETRY, "start").standard_normal(self.size)
        values = eigsh(
            operator, count, which="LA", v0=start, tol=TOLERANCE, return_eigenvectors=False
        )
        return np.sort(values)[::-1]

    def trace(self, probes: int | None = None, seed: int = 0) -> Estimate:
        """The trace: exact, with error 0, or by Hutchinson's probes of signs.

        Args:
            probes: number of random vectors; None for the sum of all squared derivatives.
            seed: of the probes.
        """
        if probes is not None:
            return trace(self.product, self.size, probes, seed)
        squares = [
            float((Fisher(self.model, *part).rows() ** 2).sum()) * len(part[0])
            for part in self._parts(CHUNK)
        ]
        return Estimate(np.asarray(sum(squares) / len(self.inputs)), np.zeros(()))

    def condition(self, cutoff: float | None = None) -> Condition:
        """Condition number over the nonzero spectrum, from the kernel A A^T.

        F itself is singular wherever parameters outnumber samples times outputs; its nonzero eigenvalues are the kernel's.

        Args:
            cutoff: relative to the largest eigenvalue; default what rounding of the derivatives leaves,
                max(N rank, P) max(e^2, 2e-16) with e that of their precision.

        Raises:
            InputError: where the kernel is too large to be held, or zero.
        """
        if not self._dense():
            raise InputError(
                f"condition: found {self._height()} rows and {self.size} parameters; one of the two at most {DENSE_SIDE} "
                f"and {DENSE_SIZE} elements are needed: take fewer samples"
            )
        precision = torch.finfo(self.root.dtype).eps
        longest = max(self._height(), self.size)
        return condition_of(_gram_eigenvalues(self.rows()), longest, precision, cutoff)

    def _height(self) -> int:
        return len(self.inputs) * self.root.shape[2]

    def _dense(self) -> bool:
        height, width = self._height(), self.size
        return min(height, width) <= DENSE_SIDE and height * width <= DENSE_SIZE

    def _parts(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        return zip(self.inputs.split(size), self.root.split(size), strict=True)


def condition_of(
    values: Floats, longest: int, precision: float, cutoff: float | None = None
) -> Condition:
    """Condition number over the nonzero ones of eigenvalues.

    Args:
        values: of A^T A, descending, float64 (rank,).
        longest: the longer side of A.
        precision: relative rounding of A's elements.
        cutoff: relative to the largest eigenvalue; default longest max(precision^2, 2e-16).

    Raises:
        InputError: where all are 0.
    """
    if cutoff is None:
        cutoff = longest * max(precision**2, float(np.finfo(np.float64).eps))
    found = values[values > cutoff * values[0]]
    if not len(found):
        raise InputError("condition: the Fisher information is 0")
    largest, smallest = float(found[0]), float(found[-1])
    return Condition(largest / smallest, largest, smallest, len(found), float(cutoff * values[0]))


def _gram_eigenvalues(rows: Tensor) -> Floats:
    """Eigenvalues of A^T A that may differ from 0, descending."""
    gram = rows @ rows.T if rows.shape[0] <= rows.shape[1] else rows.T @ rows
    return np.maximum(np.linalg.eigvalsh(gram.numpy())[::-1], 0)
