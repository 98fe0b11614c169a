import pytest
import torch

from gradnoise.model.loss import loss

OUTPUTS = torch.log(
    torch.tensor([[[0.5, 0.3, 0.2], [0.1, 0.7, 0.2]], [[0.6, 0.1, 0.3], [0.05, 0.9, 0.05]]])
)


def test_cross_entropy_of_equal_logits_is_log_of_classes():
    value = loss("cross_entropy")(torch.zeros(4, 10), torch.arange(4))
    assert value.item() == pytest.approx(2.302585, abs=1e-6)


def test_classes_of_sequences_lie_on_the_last_axis():
    value = loss("cross_entropy")(OUTPUTS, torch.tensor([[0, 2], [2, 1]]))
    expected = -torch.log(torch.tensor([0.5, 0.2, 0.3, 0.9])).mean()
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)


def test_padding_is_left_out_of_a_batch_and_of_a_samples_own_mean():
    targets = torch.tensor([[0, 2], [2, -100]])
    logs = -torch.log(torch.tensor([0.5, 0.2, 0.3]))
    value = loss("cross_entropy")(OUTPUTS, targets)
    assert value.item() == pytest.approx(logs.mean().item(), rel=1e-6)
    alone = [loss("cross_entropy")(OUTPUTS[i : i + 1], targets[i : i + 1]).item() for i in (0, 1)]
    assert alone == pytest.approx([logs[:2].mean().item(), logs[2].item()], rel=1e-6)
    assert sum(alone) / 2 != pytest.approx(value.item(), rel=1e-3)


def test_the_gradient_of_a_logit_is_softmax_minus_one_hot_and_at_most_one():
    logits = torch.tensor([[0.5, -2.0, 1.0], [900.0, -900.0, 0.0], [0.0, 0.0, 40.0]])
    targets = torch.tensor([1, 1, 2])
    for row, target in zip(logits, targets, strict=True):
        one = row.clone().unsqueeze(0).requires_grad_()
        loss("cross_entropy")(one, target.unsqueeze(0)).backward()
        softmax = torch.softmax(row.double(), 0)
        softmax[target] -= 1
        assert one.grad[0].double().tolist() == pytest.approx(softmax.tolist(), abs=1e-6)
        assert one.grad.abs().max() <= 1
    # The second sample is as wrong as can be: the bound is attained.
    assert softmax.abs().max() < 1e-6
    one = logits[1:2].clone().requires_grad_()
    loss("cross_entropy")(one, targets[1:2]).backward()
    assert one.grad.abs().max() == 1
