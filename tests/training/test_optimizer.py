import pytest

from example_training import stepped
from gradnoise.errors import InputError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": "adam"}, "adamw, sgd, signsgd"),
        ({"optimizer": "sgd", "nesterov": True}, "momentum above 0"),
        ({"optimizer": "signsgd", "nesterov": True, "momentum": 0.9}, "needs sgd"),
    ],
)
def test_impossible_choices_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        stepped(gradients=[[1.0, 1.0, 1.0]], **changes)
