import sys
from pathlib import Path

import pytest
import torch

from gradnoise.errors import InputError
from gradnoise.model import losses
from gradnoise.model.loss import loss

NAMES = sorted(path.stem for path in Path(losses.__path__[0]).glob("[!_]*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_every_loss_is_the_mean_over_its_batch(name):
    outputs, targets = torch.randn(6, 3), torch.arange(6) % 3
    alone = [loss(name)(outputs[i : i + 1], targets[i : i + 1]) for i in range(6)]
    torch.testing.assert_close(loss(name)(outputs, targets), torch.stack(alone).mean())


@pytest.mark.parametrize("name", NAMES)
def test_every_loss_of_sequences_is_the_mean_over_its_batch(name):
    outputs, targets = torch.randn(6, 4, 3), torch.arange(24).reshape(6, 4) % 3
    alone = [loss(name)(outputs[i : i + 1], targets[i : i + 1]) for i in range(6)]
    torch.testing.assert_close(loss(name)(outputs, targets), torch.stack(alone).mean())


def test_an_unknown_loss_names_the_known():
    message = "found 'hinge'; accepted: cross_entropy, mean_squared_error, or your own as 'package"
    with pytest.raises(InputError, match=message):
        loss("hinge")


OWN = """
from torch import nn

def absolute(outputs, targets):
    return (outputs - targets).abs().mean()

smoothed = nn.CrossEntropyLoss(label_smoothing=0.1)
Smoothed = nn.CrossEntropyLoss
constant = 3
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_losses.py").write_text(OWN)
    (tmp_path / "broken_losses.py").write_text("import no_such_package\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "own_losses"
    sys.modules.pop("own_losses", None)


def test_a_users_own_loss_is_a_function_or_an_instance(own):
    outputs, targets = torch.tensor([[1.0], [4.0]]), torch.tensor([[0.5], [6.0]])
    assert loss(f"{own}:absolute")(outputs, targets).item() == 1.25
    assert isinstance(loss(f"{own}:smoothed"), torch.nn.CrossEntropyLoss)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "own_losses:missing",
            "loss own_losses:missing: own_losses has no function or class 'miss",
        ),
        ("own_losses:constant", "no function or class 'constant'"),
        ("own_losses:Smoothed", r"found a class; .* write loss = CrossEntropyLoss\(\)"),
        ("no_such_module:loss", "importing 'no_such_module' from .* failed with ModuleNotFound"),
        ("broken_losses:loss", r"no_such_package.*broken_losses.py, line 1"),
    ],
)
def test_a_users_own_loss_that_cannot_be_used_says_why(own, name, message):
    with pytest.raises(InputError, match=message):
        loss(name)
