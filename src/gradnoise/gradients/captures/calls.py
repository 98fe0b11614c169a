"""A pass over a batch that records the calls of layers: their inputs and errors."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from gradnoise.gradients.captures.attention import Part, parted
from gradnoise.gradients.captures.kinds import LAST_AXES, LINEARS, Owner, is_torchs_attention
from gradnoise.gradients.sample_losses import summed_loss
from gradnoise.model.loss import Loss


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer: its input (n, ...), and the gradient of the losses by its output, its error (n, ...).

    Of an attention's projections of queries, keys and values, `part` says which; the error is that of all three side
    by side, with zeros for those that another call makes.
    """

    inputs: torch.Tensor
    error: torch.Tensor
    part: Part = Part.ALL

    def times(self, factors: torch.Tensor) -> "Call":
        """The same with the errors of sample i times the i-th factor, where the leading axis can be the samples'."""
        error = self.error
        if len(error) != len(factors):
            return self
        factors = factors.to(error).view(-1, *(1,) * (error.ndim - 1))
        return Call(self.inputs, error * factors, self.part)

    def samples(self, among: slice) -> "Call":
        """The same of some samples."""
        return Call(self.inputs[among], self.error[among], self.part)


Calls = Mapping[nn.Module, Sequence[Call]]


def of_parameter(calls: Calls, owner: Owner) -> list[Call]:
    """The calls that explain a parameter of a module, with the errors of its outputs alone."""
    module, attribute = owner
    part = Part.of(attribute) if isinstance(module, nn.MultiheadAttention) else Part.ALL
    if part is Part.ALL:
        return list(calls[module])
    mine = (call for call in calls[module] if call.part is part)
    return [Call(call.inputs, part.of_three(call.error), part) for call in mine]


def usable(calls: Sequence[Call], samples: int) -> bool:
    """Whether there was a call, and every one's leading axis can be that of the samples."""
    return bool(calls) and all(len(each.inputs) == len(each.error) == samples for each in calls)


def capture(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    modules: Sequence[nn.Module],
    weights: torch.Tensor | None = None,
) -> tuple[dict[nn.Module, list[Call]], Any]:
    """One pass over a batch, giving every call of the modules, and the model's outputs.

    With weights (n,) on the samples' losses, the i-th error of a call is divided by the i-th: where it is that of
    sample i nothing changes (not a bit, for powers of two), and where it is another's it is wrong.
    """
    recorder = _Recorder(modules, len(targets))
    with torch.enable_grad(), recorder.listening(model):
        outputs = model(inputs)
        total, losses = summed_loss(loss, outputs, targets, weights)
        calls = recorder.calls(total)
    if weights is not None and losses is not None:
        inverse = weights.reciprocal()
        calls = {module: [each.times(inverse) for each in mine] for module, mine in calls.items()}
    return calls, outputs


class _Recorder:
    """Perturbs the outputs of modules by zeros."""

    def __init__(self, modules: Sequence[nn.Module], samples: int) -> None:
        self.modules, self.count = frozenset(modules), samples
        self.seen: list[tuple[nn.Module, torch.Tensor, torch.Tensor, Part]] = []

    def calls(self, total: torch.Tensor) -> dict[nn.Module, list[Call]]:
        """Every call with its error: the gradient of the samples' summed losses by its zero."""
        zeros = [zero for _, _, zero, _ in self.seen]
        errors: Sequence[torch.Tensor] = [zero.detach() for zero in zeros]
        if zeros and total.requires_grad:
            errors = torch.autograd.grad(total, zeros, materialize_grads=True)
        found: dict[nn.Module, list[Call]] = {module: [] for module in self.modules}
        for (module, inputs, _, part), error in zip(self.seen, errors, strict=True):
            found[module].append(Call(inputs, error, part))
        return found

    def perturbed(
        self, module: nn.Module, given: torch.Tensor, output: torch.Tensor, axis: int, part: Part
    ) -> torch.Tensor:
        """The output plus a zero, where the module is asked about.

        Args:
            module: that was called.
            given, output: of the call.
            axis: of the samples in both.
            part: of an attention's three projections, that of the output.
        """
        if module not in self.modules:
            return output
        like = output.movedim(axis, 0)
        shape = like.shape if part is Part.ALL else (*like.shape[:-1], 3 * like.shape[-1])
        # No parameter asks for a gradient: autograd's graph begins at this zero.
        zero = like.new_zeros(shape, requires_grad=True)
        self.seen.append((module, given.detach().movedim(axis, 0), zero, part))
        return output + part.of_three(zero).movedim(0, axis)

    def hook(
        self,
        module: nn.Module,
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
        output: torch.Tensor,
    ) -> torch.Tensor:
        """Of a module's forward."""
        given = arguments[0] if arguments else next(iter(keywords.values()))
        return self.perturbed(module, given, output, self._axis(module, given), Part.ALL)

    def _axis(self, module: nn.Module, given: torch.Tensor) -> int:
        """Of the samples: the first, or the second where it must be that (time first)."""
        features = 1 if isinstance(module, LINEARS) else 0
        if isinstance(module, LAST_AXES):
            features = len(module.normalized_shape)
        elif not isinstance(module, (*LINEARS, nn.Embedding)):
            return 0
        outer = given.shape[: given.ndim - features]
        return int(len(outer) > 1 and outer[0] != self.count and outer[1] == self.count)

    @contextmanager
    def listening(self, model: nn.Module) -> Iterator[None]:
        """Record the modules' calls meanwhile, with no parameter asking for a gradient."""
        required = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
        attentions = [
            each
            for each in model.modules()
            if is_torchs_attention(each) and {each, each.out_proj} & self.modules
        ]
        handles = [
            module.register_forward_hook(self.hook, with_kwargs=True)
            for module in self.modules
            if not isinstance(module, nn.MultiheadAttention)
        ]
        try:
            for parameter, _ in required:
                parameter.requires_grad_(False)
            for attention in attentions:
                attention.forward = parted(attention, self.perturbed)  # type: ignore[method-assign]
            yield
        finally:
            for attention in attentions:
                del attention.forward
            for handle in handles:
                handle.remove()
            for parameter, require in required:
                parameter.requires_grad_(require)
