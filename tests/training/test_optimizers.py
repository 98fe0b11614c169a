import pytest
import torch

from gradnoise.errors import InputError
from gradnoise.training import optimizers


def stepped(name, gradients, learning_rate=0.1, momentum=0.0, nesterov=False, weight_decay=0.0):
    parameter = torch.tensor([1.0, -2.0, 0.0], requires_grad=True)
    unused = torch.ones(1, requires_grad=True)
    optimizer = optimizers.build(
        name, [parameter, unused], learning_rate, momentum, nesterov, weight_decay
    )
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
    assert unused.item() == 1
    return parameter.detach()


def test_sign_sgd_steps_by_the_sign():
    found = stepped("signsgd", [[3.0, -0.001, 0.0]])
    torch.testing.assert_close(found, torch.tensor([0.9, -1.9, 0.0]))


def test_sign_sgd_with_momentum_keeps_the_sign_of_the_mean():
    found = stepped("signsgd", [[1.0, 1.0, 1.0], [-0.1, -5.0, -0.5]], momentum=0.5)
    torch.testing.assert_close(found, torch.tensor([0.8, -2.0, -0.1]))


def test_sign_sgd_decays_weights_apart_from_the_gradient():
    found = stepped("signsgd", [[0.0, 0.0, 1.0]], weight_decay=0.5)
    torch.testing.assert_close(found, torch.tensor([0.95, -1.9, -0.1]))


def test_sgd_is_heavy_ball_with_decay_in_the_gradient():
    gradients = [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    found = stepped("sgd", gradients, momentum=0.5, weight_decay=0.1)
    # v1 = 1 + 0.1 x0, x1 = x0 - 0.1 v1, v2 = 0.5 v1 + 0.1 x1, x2 = x1 - 0.1 v2
    start = torch.tensor([1.0, -2.0, 0.0])
    v1 = 1 + 0.1 * start
    x1 = start - 0.1 * v1
    torch.testing.assert_close(found, x1 - 0.1 * (0.5 * v1 + 0.1 * x1))


def test_nesterov_looks_ahead():
    found = stepped("sgd", [[1.0, 1.0, 1.0]], momentum=0.5, nesterov=True)
    torch.testing.assert_close(found, torch.tensor([0.85, -2.15, -0.15]))


def test_adamw_starts_with_steps_of_the_learning_rate():
    found = stepped("adamw", [[7.0, -7.0, 7.0]], momentum=0.9, weight_decay=0.5)
    torch.testing.assert_close(found, torch.tensor([0.85, -1.8, -0.1]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "adam"}, "sgd, adamw, signsgd"),
        ({"name": "sgd", "nesterov": True}, "momentum above 0"),
        ({"name": "signsgd", "nesterov": True, "momentum": 0.9}, "needs sgd"),
    ],
)
def test_impossible_choices_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        stepped(arguments.pop("name"), [[1.0, 1.0, 1.0]], **arguments)
