"""How alike Fisher information, Hessian and noise covariance are: the step on which isotropic laws of SGD rest.

C = F_e - g g^T holds exactly, with the empirical Fisher information F_e and the mean gradient g. That F_e is the
expected F, and F the Hessian H, holds for a well-specified model at its optimum and is measured here.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from gradnoise.curvature.objective import Objective, flatten, joined
from gradnoise.draws.streams import Stream, generator
from gradnoise.errors import whole
from gradnoise.geometry.likelihoods import empirical_fisher, expected_fisher
from gradnoise.geometry.quadrature import Estimate

if TYPE_CHECKING:
    from gradnoise.model.loss import Loss

Floats = NDArray[np.float64]


class Relation(NamedTuple):
    """Cosines tr(AB) / (|A|_F |B|_F) between matrices over the parameters, and ratios of traces and norms.

    Attributes:
        fisher_hessian, fisher_noise, hessian_noise: cosines; 1 where one is a multiple of the other.
        noise_over_fisher: tr C / tr F.
        hessian_over_fisher: tr H / tr F.
        rest_over_hessian: |H - F|_F / |H|_F.
    """

    fisher_hessian: Estimate
    fisher_noise: Estimate
    hessian_noise: Estimate
    noise_over_fisher: Estimate
    hessian_over_fisher: Estimate
    rest_over_hessian: Estimate


def curvature_relation(
    model: nn.Module,
    loss: "Loss",
    inputs: ArrayLike | Tensor,
    targets: ArrayLike | Tensor,
    likelihood: str = "categorical",
    *,
    probes: int = 30,
    seed: int = 0,
) -> Relation:
    """Relation of expected Fisher information F, Hessian H and per-sample noise covariance C, by random probes.

    With signs z, E (A z)(B z) = tr(A B) and E z A z = tr A, for all matrices with the same probes; standard errors
    leave out one probe at a time.

    Args:
        model, inputs, likelihood: as in `expected_fisher`.
        loss: `loss(outputs, targets)`, the batch mean: the negative log-likelihood, else F is not that of the model trained.
        targets: (N, ...).
        probes: random vectors, 3 or more.
        seed: of the probes.

    Raises:
        InputError: as `expected_fisher`, and for too few probes.
    """
    expected = expected_fisher(model, inputs, likelihood)
    empirical = empirical_fisher(model, loss, inputs, targets)
    labels = torch.as_tensor(targets).to(expected.inputs.device)
    objective = Objective(model, loss, expected.inputs, labels, flatten(model))
    leaves = objective.parameters()
    gradient = np.zeros(expected.size)
    for first, last in objective.micro_batches():
        total = objective.sample_losses(leaves, first, last).sum()
        parts = torch.autograd.grad(total, list(leaves.values()), materialize_grads=True)
        gradient += joined(parts).double().cpu().numpy() / len(labels)
    sums = []
    for index in range(whole("probes", probes, 3)):
        random = generator(seed, Stream.GEOMETRY, "relation", index)
        signs = random.choice([-1.0, 1.0], expected.size)
        vector = torch.from_numpy(signs).to(objective.position)
        products = np.array(
            [
                expected.product(signs),
                objective.hessian_product(list(leaves), vector).double().cpu().numpy(),
                empirical.product(signs) - gradient * (gradient @ signs),
            ]
        )
        sums.append(np.column_stack([products @ products.T, products @ signs]))
    found = np.array(sums)
    total = found.sum(axis=0)
    without = np.array([_ratios(total - each) for each in found])
    errors = np.sqrt((len(found) - 1) * without.var(axis=0))
    return Relation(*(Estimate(*pair) for pair in zip(_ratios(total), errors, strict=True)))


def _ratios(sums: Floats) -> Floats:
    """Cosines and ratios of traces from (3, 3) inner products and, in the last column, traces, of F, H, C."""
    lengths = np.sqrt(np.diag(sums))
    cosines = sums[:, :3] / np.outer(lengths, lengths)
    traces = sums[:, 3]
    rest = np.sqrt(max(sums[0, 0] - 2 * sums[0, 1] + sums[1, 1], 0)) / lengths[1]
    ratios = traces[2] / traces[0], traces[1] / traces[0]
    return np.array([cosines[0, 1], cosines[0, 2], cosines[1, 2], *ratios, rest])
