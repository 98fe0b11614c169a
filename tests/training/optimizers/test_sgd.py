import torch

from example_training import stepped


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
