"""Two passes over the samples in bounded memory."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_moments import assert_close, by_definition, per_sample
from example_networks import Unexpected, classifier, images
from gradnoise.errors import InputError
from gradnoise.gradients.selections import select
from gradnoise.moments.streaming import streamed_moments


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("chunk_size", [1, 4, 21])
def test_chunks_of_any_size_give_the_definition(chunk_size: int) -> None:
    model, data = Unexpected(), images(9, 6)
    names = ["convolution.weight", "both.weight", "twice.weight", "functional.bias"]
    selections = select(dict(model.named_parameters()), 20, 0, 0, names)
    found = streamed_moments(model, F.cross_entropy, *data, selections, chunk_size)
    expected = per_sample(model, F.cross_entropy, *data)
    for name, selection in selections.items():
        rows = expected[name].reshape(9, -1)[:, selection.coordinates]
        assert_close(found[name], by_definition(rows), 1e-4)


def test_a_few_samples_at_a_time_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = classifier(nn.Conv2d(3, 16, 5)), images(21)
    model(data[0])
    selections = select(dict(model.named_parameters()), None, 0, 0)
    whole = streamed_moments(model, F.cross_entropy, *data, selections, 21)
    monkeypatch.setattr("gradnoise.moments.accumulation.ELEMENTS", 20_000)
    parts = streamed_moments(model, F.cross_entropy, *data, selections, 8)
    for name, each in parts.items():
        assert_close(each, whole[name])


def test_a_sum_that_overflows_is_refused_though_no_sample_does() -> None:
    model, inputs = nn.Linear(2, 1, bias=False), torch.full((4, 2), 2e38)
    selections = select(dict(model.named_parameters()), None, 0, 0)

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return outputs.mean()

    with pytest.raises(InputError, match="the sum of the gradients of weight is not finite"):
        streamed_moments(model, loss, inputs, torch.zeros(4), selections)
