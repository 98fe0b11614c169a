"""Does a sample's gradient depend on its batch mates?"""

import torch
from torch import nn

from gradnoise.errors import InputError
from gradnoise.gradients.differentiation import differentiate
from gradnoise.model.loss import Loss
from gradnoise.model.preservation import preserved

AGREEMENT = 1e-3  # far above float32 rounding, far below a wrong gradient
PROBED = 128  # samples of a data set among which a few are looked at


def sample_dependence(
    model: nn.Module, loss: Loss, inputs: torch.Tensor, targets: torch.Tensor
) -> str | None:
    """Say why a sample's gradient depends on its batch mates or is drawn anew in every pass, else None.

    Besides the modules that `batch_dependence` knows, a model's own code is found by comparing a few
    samples' gradients alone with those inside the batch. Most of them must disagree, since one alone may
    sit on the kink of a rectifier, where rounding decides.

    Args:
        model: left as it was.
        loss: `loss(outputs, targets)`, the batch mean.
        inputs: one batch, (n, ...).
        targets: (n, ...).
    """
    known = batch_dependence(model)
    if known is not None or len(inputs) < 2:
        return known
    device = next(model.parameters()).device
    inputs, targets = inputs.to(device), targets.to(device)
    names = [name for name, _ in model.named_parameters()]
    disagreeing = dict.fromkeys(names, 0)
    singles = probes(len(inputs))
    with preserved(model):
        for probe in singles:
            alone = differentiate(model, loss, inputs, targets, names, probe)
            inside = differentiate(model, loss, inputs, targets, names, slice(None), probe)
            for name in names:
                disagreeing[name] += differs(alone[name], inside[name])
    for name, count in disagreeing.items():
        if 2 * count > len(singles):
            return (
                f"a sample's gradient of {name} alone is not its gradient inside a batch, so it "
                "depends on its batch mates or is drawn anew in every pass"
            )
    return None


def require_independence(
    model: nn.Module, loss: Loss, inputs: torch.Tensor, targets: torch.Tensor
) -> None:
    """Refuse where per-sample gradients do not exist; arguments as in `sample_dependence`.

    Raises:
        InputError: says why, and what to do.
    """
    dependence = sample_dependence(model, loss, inputs, targets)
    if dependence is not None:
        raise InputError(
            f"per-sample gradients do not exist: {dependence}. Use model.eval() where those at fixed "
            "statistics and without random draws are wanted; otherwise gradnoise.noise.sample_noise "
            "measures mini-batches"
        )


def probes(count: int) -> list[slice]:
    """The first, the middle and the last of so many samples."""
    return [slice(probe, probe + 1) for probe in sorted({0, count // 2, count - 1})]


def differs(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two gradients are further apart than rounding; not finite ones are reported elsewhere."""
    largest = torch.maximum(torch.linalg.vector_norm(one), torch.linalg.vector_norm(other))
    return bool(torch.linalg.vector_norm(one - other) > AGREEMENT * largest)


def batch_dependence(model: nn.Module) -> str | None:
    """Say why a sample's gradient depends on its batch mates or is drawn anew each time, else None.

    Knows the modules of torch; what a model does in its own code is found by probing its gradients.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and (
            module.training or module.running_mean is None
        ):
            return f"{name} ({type(module).__name__}) normalises by the statistics of the batch"
        dropout = (
            getattr(module, "p", 0) if isinstance(module, nn.modules.dropout._DropoutNd) else 0
        )
        if isinstance(module, nn.RNNBase | nn.MultiheadAttention):
            dropout = module.dropout
        if module.training and (dropout or isinstance(module, nn.RReLU)):
            return f"{name} ({type(module).__name__}) draws at random in every pass"
    return None
