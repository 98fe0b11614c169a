"""Which Fisher information: of a softmax, of a Gaussian around the outputs, or of the gradients of a loss."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from gradnoise.curvature.objective import Objective
from gradnoise.errors import InputError
from gradnoise.geometry.fisher import MICRO_BATCH, Fisher
from gradnoise.geometry.jacobian import as_inputs

if TYPE_CHECKING:
    from gradnoise.model.loss import Loss

Floats = NDArray[np.float64]


def expected_fisher(
    model: nn.Module, inputs: ArrayLike | Tensor, likelihood: str = "categorical"
) -> Fisher:
    """Expected Fisher information: labels are the model's own.

    Args:
        model: any module called as `model(inputs)`, on any device, with outputs (N, outputs).
        inputs: (N, ...), torch or NumPy, real.
        likelihood: "categorical" (outputs are logits) or "gaussian" (of variance 1 around the outputs).

    Raises:
        InputError: for another likelihood, outputs of another shape, integer inputs, and a model in train mode with
            BatchNorm or dropout.
    """
    samples = as_inputs(model, inputs)
    outputs = _outputs(model, samples)
    if likelihood not in ("categorical", "gaussian") or outputs.ndim != 2:
        raise InputError(
            f"likelihood: found {likelihood!r} of outputs of shape {tuple(outputs.shape)}; accepted: categorical or "
            "gaussian, of outputs (samples, outputs)"
        )
    if likelihood == "gaussian":
        unit = torch.eye(outputs.shape[1], dtype=outputs.dtype, device=outputs.device)
        return Fisher(model, samples, unit.expand(len(samples), -1, -1))
    odds = outputs.double().softmax(dim=1)
    root = torch.diag_embed(odds.sqrt()) - odds[:, :, None] * odds.sqrt()[:, None, :]
    return Fisher(model, samples, root.to(outputs.dtype))


def empirical_fisher(
    model: nn.Module, loss: "Loss", inputs: ArrayLike | Tensor, targets: ArrayLike | Tensor
) -> Fisher:
    """Empirical Fisher information: the mean of g_i g_i^T over the samples' gradients of their losses.

    The noise's covariance is this minus the mean gradient's own g g^T.

    Args:
        model, inputs: as in `expected_fisher`.
        loss: `loss(outputs, targets)`, the batch mean; a sample's loss is that of a batch of one.
        targets: (N, ...).
    """
    samples = as_inputs(model, inputs)
    outputs = _outputs(model, samples).requires_grad_()
    labels = torch.as_tensor(targets).to(samples.device)
    plain = Objective(nn.Identity(), loss, outputs, labels, outputs)
    losses = plain.sample_losses({}, 0, len(samples))
    (residuals,) = torch.autograd.grad(losses.sum(), outputs)
    return Fisher(model, samples, residuals.flatten(1)[:, :, None])


def fisher_eigenvalues(
    model: nn.Module,
    inputs: ArrayLike | Tensor,
    count: int,
    likelihood: str = "categorical",
    *,
    seed: int = 0,
) -> Floats:
    """Largest eigenvalues of the expected Fisher information, without its matrix where that is large.

    Args:
        model: any module called as `model(inputs)`, on any device, with outputs (N, outputs); left as it is.
        inputs: (N, ...), torch or NumPy, real.
        count: number of eigenvalues, at most that of parameters.
        likelihood: "categorical" (outputs are logits) or "gaussian" (of variance 1 around the outputs).
        seed: of the Lanczos start vector.

    Returns:
        float64 (count,), descending, for the mean over samples.

    Raises:
        InputError: as `expected_fisher`, and for an impossible count.

    Of w x + b with a Gaussian likelihood the largest is |x|^2 + 1, once for each output:

    >>> layer = torch.nn.Linear(2, 2).double()
    >>> fisher_eigenvalues(layer, [[2.0, 1.0]], 3, "gaussian").round(9).tolist()
    [6.0, 6.0, 0.0]
    """
    return expected_fisher(model, inputs, likelihood).eigenvalues(count, seed)


def _outputs(model: nn.Module, samples: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.cat([model(part) for part in samples.split(MICRO_BATCH)])
