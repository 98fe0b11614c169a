import torch

from gradnoise.model.loss import loss


def test_mean_squared_error_takes_classes_as_one_hot_rows():
    mean_squared_error = loss("mean_squared_error")
    outputs = torch.tensor([[0.0, 2.0], [1.0, 0.0]])
    assert mean_squared_error(outputs, torch.tensor([1, 0])).item() == 0.25
    assert mean_squared_error(outputs, torch.tensor([[0.0, 1.0], [1.0, 0.0]])).item() == 0.25


def test_mean_squared_error_of_classes_works_sample_by_sample_under_vmap():
    outputs = torch.tensor([[0.0, 2.0], [1.0, 0.0]])
    per_sample = torch.func.vmap(
        lambda o, t: loss("mean_squared_error")(o.unsqueeze(0), t.unsqueeze(0))
    )
    assert per_sample(outputs, torch.tensor([1, 0])).tolist() == [0.5, 0.0]


def test_mean_squared_error_of_sequences_takes_classes_at_every_position():
    outputs = torch.tensor([[[0.0, 2.0], [1.0, 0.0]], [[3.0, 1.0], [0.0, 0.5]]])
    value = loss("mean_squared_error")(outputs, torch.tensor([[1, 0], [0, 1]]))
    assert value.item() == (1 + 0 + 4 + 1 + 0.25) / 8
