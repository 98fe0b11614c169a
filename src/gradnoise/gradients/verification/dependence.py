"""Does a sample's gradient exist, or does it depend on its batch mates, or on the pass?

Asked before anything is measured, of one batch; what only other samples show is found by the proof of their chunk.
"""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from gradnoise.errors import InputError
from gradnoise.gradients.verification.losses import same_outputs
from gradnoise.gradients.verification.problem import (
    DependentError,
    Problem,
    dense,
    gradient_alone,
    measuring,
)
from gradnoise.gradients.verification.proof import differing, total_gradient
from gradnoise.model.loss import Loss
from gradnoise.model.preservation import preserved

PROBED = 128  # samples of a data set among which a few are looked at


def sample_dependence(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    count: int | None = None,
) -> str | None:
    """Say why a sample's gradient depends on its batch mates or is drawn anew in every pass, else None.

    Besides the modules that `batch_dependence` knows, a model's own code is found by two passes over the batch with
    other random states, a loss by its value on the batch and on its samples, and either by a few samples'
    gradients alone and inside the batch. Most of these must disagree, since one alone may sit on the kink
    of a rectifier, where rounding decides.

    Args:
        model: left as it was.
        loss: `loss(outputs, targets)`, the batch mean.
        inputs: (N, ...), of which a batch spread over all is looked at.
        targets: (N, ...).
        count: samples in that batch; default 128.
    """
    require_measurable(model)
    known = batch_dependence(model)
    if known is not None or len(inputs) < 2:
        return known
    device = next(model.parameters()).device
    names = [name for name, each in model.named_parameters() if each.is_floating_point()]
    with preserved(model) as kept, measuring():
        spread = torch.linspace(0, len(inputs) - 1, min(count or PROBED, len(inputs))).long()
        batch, labels = (part[spread.to(part.device)].to(device) for part in (inputs, targets))
        try:
            return _dependence(Problem(model, loss, kept), batch, labels, names)
        except DependentError as error:
            return str(error)


def _dependence(
    problem: Problem, inputs: torch.Tensor, targets: torch.Tensor, names: list[str]
) -> str | None:
    count = len(inputs)
    singles = sorted({0, count // 2, count - 1})
    with torch.no_grad():
        first, second = problem.outputs(inputs), problem.outputs(inputs)
    if not same_outputs(first, second):
        return "two passes over the same samples differ: the model draws at random in every pass"
    disagreeing = dict.fromkeys(names, 0)
    for single in singles:
        weights = torch.zeros(count, device=inputs.device)
        weights[single] = 1
        total = total_gradient(problem, inputs, targets, names, weights)
        looked = [single] if total.weights[single] != total.weights[single - 1] else range(count)
        alone = _summed_alone(problem, inputs, targets, looked, names)
        together = {name: dense(total.gradients[name]) for name in names}
        for name in differing({name: dense(alone[name]) for name in names}, together):
            disagreeing[name] += 1
    for name, found in disagreeing.items():
        if 2 * found > len(singles):
            return (
                f"a sample's gradient of {name} alone is not its gradient inside a batch, so it "
                "depends on its batch mates or is drawn anew in every pass"
            )
    return None


def _summed_alone(
    problem: Problem,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    samples: Sequence[int],
    names: list[str],
) -> dict[str, torch.Tensor]:
    total = None
    for sample in samples:
        alone = gradient_alone(problem, inputs, targets, sample, names)
        total = alone if total is None else {name: total[name] + alone[name] for name in names}
    assert total is not None
    return total


def require_measurable(model: nn.Module) -> None:
    """Refuse a model of which no gradient can be measured.

    Raises:
        InputError: names the parameter, what it is, and the way out.
    """
    trainable = {name: each for name, each in model.named_parameters() if each.requires_grad}
    if not trainable:
        raise InputError("model: found no parameter that requires a gradient: nothing to measure")
    for name, each in model.named_parameters():
        if is_lazy(each):
            raise InputError(
                f"parameter {name} is not initialised: run one batch through the model before measuring it"
            )
        if each.is_complex():
            raise InputError(
                f"parameter {name} is complex: hold it as a real one, (..., 2), and use torch.view_as_complex in "
                "forward, so that its real and imaginary parts are coordinates"
            )
        if each.is_inference():
            raise InputError(
                f"parameter {name} was made under torch.inference_mode, where nothing can be differentiated: build "
                "the model outside of it"
            )


def require_independence(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    count: int | None = None,
) -> None:
    """Refuse where per-sample gradients do not exist; arguments as in `sample_dependence`.

    Raises:
        InputError: says why, and what to do.
    """
    dependence = sample_dependence(model, loss, inputs, targets, count)
    if dependence is not None:
        raise InputError(
            f"per-sample gradients do not exist: {dependence}. Use model.eval() where those at fixed "
            "statistics and without random draws are wanted; otherwise gradnoise.noise.sample_noise "
            "measures mini-batches"
        )


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
