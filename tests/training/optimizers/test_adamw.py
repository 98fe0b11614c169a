import torch

from example_training import stepped


def test_adamw_starts_with_steps_of_the_learning_rate():
    found = stepped("adamw", [[7.0, -7.0, 7.0]], momentum=0.9, weight_decay=0.5)
    torch.testing.assert_close(found, torch.tensor([0.85, -1.8, -0.1]))
