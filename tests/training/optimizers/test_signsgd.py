import torch

from example_training import stepped


def test_sign_sgd_steps_by_the_sign():
    found = stepped("signsgd", [[3.0, -0.001, 0.0]])
    torch.testing.assert_close(found, torch.tensor([0.9, -1.9, 0.0]))


def test_sign_sgd_with_momentum_keeps_the_sign_of_the_mean():
    found = stepped("signsgd", [[1.0, 1.0, 1.0], [-0.1, -5.0, -0.5]], momentum=0.5)
    torch.testing.assert_close(found, torch.tensor([0.8, -2.0, -0.1]))


def test_sign_sgd_decays_weights_apart_from_the_gradient():
    found = stepped("signsgd", [[0.0, 0.0, 1.0]], weight_decay=0.5)
    torch.testing.assert_close(found, torch.tensor([0.95, -1.9, -0.1]))
