import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gradnoise.model.loss import loss as loss_by_name
from gradnoise.training import evaluation
from gradnoise.training.evaluation import BATCH, evaluate, watched

LOSS = loss_by_name("cross_entropy")


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.last = nn.Linear(4, 2)

    def forward(self, inputs):
        return self.last(F.relu(self.first(inputs), inplace=True))


def test_the_mean_is_over_samples_whatever_the_last_batch():
    model = nn.Linear(5, 3)
    inputs, targets = torch.randn(BATCH + 7, 5), torch.randint(0, 3, (BATCH + 7,))
    found = evaluate(model, LOSS, inputs, targets)
    outputs = model(inputs)
    assert found.loss == pytest.approx(LOSS(outputs, targets).item(), rel=1e-6)
    assert found.accuracy == (outputs.argmax(1) == targets).double().mean().item()
    assert found.dead_units == {}


def test_regression_has_no_accuracy():
    loss = loss_by_name("mean_squared_error")
    found = evaluate(nn.Identity(), loss, torch.ones(4, 2), torch.zeros(4, 2))
    assert found == evaluation.Evaluation(1.0, None, {})


def test_the_model_is_left_as_it_was():
    model = nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3), nn.Dropout(), nn.ReLU())
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    evaluate(model, LOSS, torch.randn(9, 5), torch.zeros(9).long())
    assert model.training
    assert model[2].training
    assert all(torch.equal(state[name], tensor) for name, tensor in model.state_dict().items())
    assert not model[0]._forward_hooks


def test_dead_units_are_counted_per_layer_over_samples_and_pixels():
    model = nn.Sequential(nn.Conv2d(1, 4, 1), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2), nn.ReLU())
    with torch.no_grad():
        model[0].weight.zero_()
        model[0].bias.copy_(torch.tensor([1.0, -1.0, -1.0, -1.0]))
        model[0].weight[1] = 2.0  # alive where a pixel is above 0.5, which one of all is
        model[3].weight.fill_(1.0)
        model[3].bias.copy_(torch.tensor([0.0, -1e3]))
    images = torch.zeros(BATCH + 3, 1, 2, 2)
    images[2, 0, 1, 1] = 0.6
    found = evaluate(model, LOSS, images, torch.zeros(len(images)).long())
    assert found.dead_units == {"0": 0.5, "3": 0.5}


def test_a_relu_called_as_a_function_counts_for_the_layer_before_it():
    model = Functional()
    with torch.no_grad():
        model.first.weight.zero_()
        model.first.bias.copy_(torch.tensor([-1.0, -1.0, -1.0, 1.0]))
    found = evaluate(model, LOSS, torch.randn(4, 3), torch.zeros(4).long())
    assert found.dead_units == {"first": 0.75}


def scored(rows):
    """Logits, samples x positions x 3, that make these classes the likeliest."""
    return 2.0 * F.one_hot(torch.tensor(rows), 3)


def test_accuracy_of_sequences_is_the_share_of_positions_but_for_padding():
    outputs = scored([[0, 1, 2], [2, 2, 0]])
    targets = torch.tensor([[0, 1, 1], [2, -100, -100]])
    found = evaluate(nn.Identity(), LOSS, outputs, targets)
    assert found.accuracy == 3 / 4
    assert found.loss == pytest.approx(LOSS(outputs, targets).item(), rel=1e-6)


def test_as_many_positions_of_sequences_are_evaluated_at_once_as_samples():
    seen = []

    class Seeing(nn.Identity):
        def forward(self, inputs):
            seen.append(len(inputs))
            return inputs

    outputs = torch.randn(7, BATCH // 2 - 1, 3)
    found = evaluate(Seeing(), LOSS, outputs, torch.zeros(outputs.shape[:2]).long())
    assert seen == [2, 2, 2, 1]
    expected = LOSS(outputs, torch.zeros(outputs.shape[:2]).long())
    assert found.loss == pytest.approx(expected.item(), rel=1e-6)
    evaluate(Seeing(), LOSS, torch.randn(1, BATCH + 1, 3), torch.zeros(1, BATCH + 1).long())
    assert seen[-1] == 1


def test_cross_entropy_weighs_positions_alike_and_any_other_loss_samples(monkeypatch):
    monkeypatch.setattr(evaluation, "BATCH", 1)
    outputs = scored([[0, 1, 2], [2, 2, 0]])
    targets = torch.tensor([[0, 1, 1], [2, -100, -100]])
    whole = evaluate(nn.Identity(), LOSS, outputs, targets).loss
    assert whole == pytest.approx(LOSS(outputs, targets).item(), rel=1e-6)
    alone = [LOSS(outputs[i : i + 1], targets[i : i + 1]).item() for i in (0, 1)]
    own = evaluate(nn.Identity(), lambda found, truth: LOSS(found, truth), outputs, targets).loss
    assert own == pytest.approx(sum(alone) / 2, rel=1e-6)
    assert own != pytest.approx(whole, rel=0.01)


def test_the_largest_gradient_by_a_logit_is_autograds():
    torch.manual_seed(3)
    outputs = 3 * torch.randn(7, 4)
    targets = torch.tensor([0, 1, 2, 3, 0, 1, 2])
    leaf = outputs.clone().requires_grad_()
    torch.nn.functional.cross_entropy(leaf, targets, reduction="sum").backward()
    found = evaluate(nn.Identity(), LOSS, outputs, targets)
    assert found.logit_gradient == pytest.approx(float(leaf.grad.abs().max()), rel=1e-6)
    assert watched(found)["logit_gradient"] == found.logit_gradient < 1


def test_padding_has_no_gradient_and_other_losses_have_none_by_logits():
    outputs = torch.tensor([[[0.0, 0.0], [9.0, 0.0]]])
    found = evaluate(nn.Identity(), LOSS, outputs, torch.tensor([[0, -100]]))
    assert found.logit_gradient == pytest.approx(0.5)
    squares = torch.nn.MSELoss()
    other = evaluate(nn.Identity(), squares, torch.ones(4, 2), torch.zeros(4, 2))
    assert other.logit_gradient is None
    assert "logit_gradient" not in watched(other)
