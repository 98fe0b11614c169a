"""Rows of a chunk by the fastest way that its proof accepts, parameter by parameter."""

import logging
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

import torch
from torch import nn

from gradnoise.gradients.captures.calls import Call, capture, of_parameter, usable
from gradnoise.gradients.captures.kinds import Owner, capturable, obstacles
from gradnoise.gradients.captures.rows import captured_gradients
from gradnoise.gradients.contractions import Rows
from gradnoise.gradients.differentiation import one_by_one, one_sample_gradients
from gradnoise.gradients.selections import Selection
from gradnoise.gradients.verification.losses import glimpse, same_outputs
from gradnoise.gradients.verification.problem import DependentError, Problem
from gradnoise.gradients.verification.proof import Proof, Total, random_weights, total_gradient

log = logging.getLogger(__name__)

NOT_ONCE = "its layer was not called once for every sample"


class Way(IntEnum):
    """How a parameter's rows are found, from the fastest to the one that takes any model."""

    CAPTURED = 0  # from the inputs and errors of its layer, in one pass over the chunk
    VECTORISED = 1  # sample by sample, by torch.func
    ALONE = 2  # sample by sample, by plain autograd through the model's own parameters


class ProvenGradients:
    """Rows of one chunk after another; a parameter that fails its proof goes a slower way from then on."""

    def __init__(
        self,
        problem: Problem,
        selections: Mapping[str, Selection],
        verify: bool = True,
        fastest: Way = Way.CAPTURED,
    ) -> None:
        self.problem, self.selections, self.verify = problem, selections, verify
        self.owners = capturable(problem.model, list(selections))
        self.ways = {
            name: max(fastest, Way.CAPTURED if name in self.owners else Way.VECTORISED)
            for name in selections
        }
        if fastest is Way.CAPTURED:
            for name, why in obstacles(problem.model, list(selections)).items():
                log.info("slower way for %s: %s", name, why)
        self._generator = torch.Generator().manual_seed(0)
        self._first = True

    def rows(self, inputs: torch.Tensor, targets: torch.Tensor) -> dict[str, Rows]:
        """Gradients at the selections, float32 (n, C) and (n, D), in the order of the selections.

        Raises:
            DependentError: where a sample's gradient does not exist.
        """
        calls, outputs = self.captured(inputs, targets)
        rows = captured_gradients(calls, self._owners(), self.selections, len(targets))
        for name in self.selections:
            if name not in rows and self.ways[name] is Way.CAPTURED:
                self._slower(name, NOT_ONCE)
        rows |= self._slow_rows(
            [name for name in self.selections if name not in rows], inputs, targets
        )
        if self.verify:
            proof = self.proof(inputs, targets, outputs)
            pending = list(self.selections)
            while pending:
                pending = self._disagreeing(proof, {name: rows[name] for name in pending})
                rows |= self._slow_rows(pending, inputs, targets)
        return {name: rows[name] for name in self.selections}

    def captured(
        self, inputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None = None
    ) -> tuple[dict[nn.Module, list[Call]], Any]:
        """Calls of the layers whose parameters are captured, and the model's outputs (None without any)."""
        modules = list(dict.fromkeys(module for module, _ in self._owners().values()))
        if not modules:
            return {}, None
        problem = self.problem
        fresh = problem.fresh(inputs)
        return capture(problem.model, problem.loss, fresh, targets, modules, weights)

    def proven_calls(
        self, inputs: torch.Tensor, targets: torch.Tensor, plain: Total | None
    ) -> tuple[dict[nn.Module, list[Call]], dict[str, Owner]]:
        """Calls whose captured gradients are proven at the selections, and the parameters that they give.

        Args:
            inputs, targets: one chunk.
            plain: of the same chunk under weights of one, at the selections; None for no proof.
        """
        weights = None if plain is None else self._weights(targets)
        calls, outputs = self.captured(inputs, targets, weights)
        for name, owner in self._owners().items():
            if not usable(of_parameter(calls, owner), len(targets)):
                self._slower(name, NOT_ONCE)
        owners = self._owners()
        if plain is not None and owners:
            _require_same(glimpse(outputs), plain.outputs)
            rows = captured_gradients(calls, owners, self.selections, len(targets))
            proof = Proof(self.problem, (inputs, targets), plain.weights, plain.gradients)
            self._disagreeing(proof, rows)
        return calls, self._owners()

    def proof(self, inputs: torch.Tensor, targets: torch.Tensor, outputs: Any) -> Proof:
        """What the rows of this chunk are held against; `outputs` of another pass, or None."""
        names, weights = list(self.selections), self._weights(targets)
        found = total_gradient(self.problem, inputs, targets, names, weights)
        if outputs is None and self._first:
            with torch.no_grad():
                outputs = self.problem.outputs(inputs)
        self._first = False
        if outputs is not None:
            _require_same(outputs, found.outputs)
        total = found.at(self.selections).gradients
        return Proof(self.problem, (inputs, targets), found.weights, total)

    def _weights(self, targets: torch.Tensor) -> torch.Tensor:
        return random_weights(len(targets), self._generator).to(targets.device)

    def _owners(self) -> dict[str, Owner]:
        return {name: each for name, each in self.owners.items() if self.ways[name] is Way.CAPTURED}

    def _slow_rows(
        self, names: Sequence[str], inputs: torch.Tensor, targets: torch.Tensor
    ) -> dict[str, Rows]:
        rows: dict[str, Rows] = {}
        for way, method in ((Way.VECTORISED, one_sample_gradients), (Way.ALONE, one_by_one)):
            some = {name: self.selections[name] for name in names if self.ways[name] is way}
            if some:
                rows |= method(self.problem, inputs, targets, some)
        return rows

    def _disagreeing(self, proof: Proof, rows: Mapping[str, Rows]) -> list[str]:
        """Parameters that go a slower way now."""
        sample = int(torch.randint(0, len(proof.weights), (1,), generator=self._generator))
        wrong = proof.disagreeing(rows, self.selections, sample)
        for name in wrong:
            self._slower(name, "its rows were not the samples' gradients")
        return wrong

    def _slower(self, name: str, why: str) -> None:
        if self.ways[name] is Way.ALONE:
            raise DependentError(
                f"a sample's gradient of {name} alone is not its gradient inside a batch, so it depends on its "
                "batch mates or is drawn anew in every pass"
            )
        self.ways[name] = Way(self.ways[name] + 1)
        log.info("slower way for %s: %s", name, why)


def _require_same(one: Any, other: Any) -> None:
    if not same_outputs(one, other):
        raise DependentError(
            "two passes over the same samples differ: the model draws at random in every pass"
        )
