"""Parameters go a slower way where the proof of a faster one fails, and no further than needed."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_models import Listed, UsedTwice, vectors
from gradnoise.gradients.selections import select
from gradnoise.gradients.verification import ways
from gradnoise.gradients.verification.problem import DependentError, Problem
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


def test_calls_are_given_for_proven_parameters_only() -> None:
    found = proven(UsedTwice())
    calls, owners = found.proven_calls(*vectors())
    assert sorted(owners) == ["a.bias", "b.bias", "b.weight"]
    assert all(len(each) == 1 for each in calls.values())
