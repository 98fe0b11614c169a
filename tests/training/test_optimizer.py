import pytest

from example_training import stepped
from gradnoise.errors import InputError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": "adam"}, "adamw, sgd, signsgd"),
        ({"optimizer": "sgd", "nesterov": True}, "momentum above 0"),
        ({"optimizer": "adamw", "manifold": "stiefel"}, "found stiefel with adamw; it needs sgd"),
        (
            {"optimizer": "sgd", "manifold": "stiefel", "nesterov": True, "momentum": 0.9},
            "without Nesterov",
        ),
        ({"optimizer": "signsgd", "nesterov": True, "momentum": 0.9}, "needs sgd"),
    ],
)
def test_impossible_choices_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        stepped(gradients=[[1.0, 1.0, 1.0]], **changes)
