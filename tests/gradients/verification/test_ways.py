"""Parameters go a slower way where the proof of a faster one fails, and no further than needed."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_models import Listed, Sorted, TimeFirst, UsedTwice, vectors
from gradnoise.gradients.selections import select
from gradnoise.gradients.verification import ways
from gradnoise.gradients.verification.problem import DependentError, Problem
from gradnoise.gradients.verification.proof import Proof, Total, total_gradient
from gradnoise.gradients.verification.ways import ProvenGradients, Way
from gradnoise.model.preservation import Kept


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def proven(model: nn.Module, **options: Any) -> ProvenGradients:
    selections = select(dict(model.named_parameters()), None, 0, 0)
    return ProvenGradients(Problem(model, F.cross_entropy, Kept(model)), selections, **options)


def test_each_parameter_goes_the_fastest_way_that_is_right() -> None:
    found = proven(UsedTwice())
    found.rows(*vectors())
    captured = dict.fromkeys(("a.bias", "b.weight", "b.bias"), Way.CAPTURED)
    assert found.ways == {"a.weight": Way.VECTORISED, **captured}
    found = proven(Listed())
    found.rows(*vectors())
    assert set(found.ways.values()) == {Way.ALONE}


def test_a_slower_way_is_kept_for_later_chunks() -> None:
    found = proven(UsedTwice())
    found.rows(*vectors())
    first = dict(found.ways)
    found.rows(*vectors())
    assert found.ways == first


def test_no_way_is_left_where_plain_gradients_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ways.one_by_one

    def wrong(*arguments: Any) -> Any:
        return {name: (rows + 1, along) for name, (rows, along) in real(*arguments).items()}

    monkeypatch.setattr(ways, "one_by_one", wrong)
    found = proven(nn.Linear(6, 3), fastest=Way.ALONE)
    with pytest.raises(DependentError, match="weight alone is not its gradient inside a batch"):
        found.rows(*vectors())


def plain(found: ProvenGradients, x: torch.Tensor, y: torch.Tensor) -> Total:
    """What plain autograd says of the chunk."""
    names = list(found.selections)
    return total_gradient(found.problem, x, y, names, torch.ones(len(y))).at(found.selections)


def test_calls_are_given_for_proven_parameters_only() -> None:
    found, data = proven(UsedTwice()), vectors()
    calls, owners = found.proven_calls(*data, plain(found, *data))
    assert sorted(owners) == ["a.bias", "b.bias", "b.weight"]
    assert all(len(each) == 1 for each in calls.values())


def test_calls_under_weights_are_those_without_to_the_bit() -> None:
    found, data = proven(nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))), vectors()
    weighted, _ = found.proven_calls(*data, plain(found, *data))
    unproven, _ = found.proven_calls(*data, None)
    for module, (call,) in weighted.items():
        torch.testing.assert_close(call.error, unproven[module][0].error, rtol=0, atol=0)


@pytest.mark.parametrize("model", [Sorted(), TimeFirst()], ids=["sorted", "time first"])
def test_calls_that_hold_other_samples_are_found_by_their_weights(
    model: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Proof, "_alone", lambda *_: [])  # which finds them, too
    found = proven(model)
    x, y = vectors(8)
    if isinstance(model, TimeFirst):
        x = torch.randn(8, 8, 6)
    _, owners = found.proven_calls(x, y, plain(found, x, y))
    assert sorted(owners) == (["b.bias", "b.weight"] if isinstance(model, TimeFirst) else [])


def test_another_pass_with_other_outputs_is_refused() -> None:
    found, (x, y) = proven(nn.Linear(6, 3)), vectors()
    total = plain(found, x, y)
    found.proven_calls(x, y, total)
    other = total.outputs.clone()
    other[17, 1] += 1e-3
    with pytest.raises(DependentError, match="two passes over the same samples differ"):
        found.proven_calls(x, y, total._replace(outputs=other))
