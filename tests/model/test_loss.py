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


def test_an_unknown_loss_names_the_known():
    with pytest.raises(InputError, match="found 'hinge'; accepted: cross_entropy, mean_squared"):
        loss("hinge")
