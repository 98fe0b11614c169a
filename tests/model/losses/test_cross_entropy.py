import pytest
import torch

from gradnoise.model.loss import loss


def test_cross_entropy_of_equal_logits_is_log_of_classes():
    value = loss("cross_entropy")(torch.zeros(4, 10), torch.arange(4))
    assert value.item() == pytest.approx(2.302585, abs=1e-6)
