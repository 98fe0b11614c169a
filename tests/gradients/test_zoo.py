"""Random models: all ways to the noise agree with plain autograd in float64.

`make zoo` looks at 3,000 models.
"""

import copy
import os

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

from example_models import one_by_one
from gradnoise.draws.batches import Draws
from gradnoise.errors import InputError
from gradnoise.gradients import per_sample_gradients
from gradnoise.gradients.selections import select
from gradnoise.gradients.verification.problem import Problem, measuring
from gradnoise.gradients.verification.ways import ProvenGradients, Way
from gradnoise.model.preservation import preserved
from gradnoise.moments import per_sample_moments
from gradnoise.noise import sample_noise
from zoo import SAMPLES, Misleading, model_and_data

MODELS = int(os.environ.get("GRADNOISE_ZOO", "300"))
REFUSED: list[str] = []
SEEN: set[int] = set()


def by_parameter(model: torch.nn.Module, rows: np.ndarray) -> dict[str, np.ndarray]:
    sizes = [each.numel() for each in model.parameters()]
    parts = np.split(rows, np.cumsum(sizes)[:-1], axis=1)
    return dict(zip(dict(model.named_parameters()), parts, strict=True))


@pytest.mark.slow
@settings(
    max_examples=MODELS,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
@given(seed=st.integers(0, 1 << 40), chunk=st.integers(1, SAMPLES), size=st.integers(1, 4))
def test_every_way_agrees_with_plain_autograd(seed: int, chunk: int, size: int) -> None:
    model, x, y = model_and_data(seed)
    SEEN.add(seed)
    exact = copy.deepcopy(model).double()
    doubled = x.double() if x.is_floating_point() else x
    expected = by_parameter(model, one_by_one(exact, F.cross_entropy, doubled, y))
    try:
        one_by_one(copy.deepcopy(model), F.cross_entropy, x, y)
    except RuntimeError:
        assume(False)  # torch itself cannot: a layer of its own changed in place by the next
    whole = max(np.abs(rows).max() for rows in expected.values())
    try:
        rows = per_sample_gradients(model, F.cross_entropy, x, y, chunk_size=chunk)
        moments = per_sample_moments(model, F.cross_entropy, x, y, chunk_size=chunk)
        noise = {
            how: sample_noise(
                model, F.cross_entropy, x, y, [size], 3, 1, strategy=how, micro_batch=chunk
            )
            for how in ("per_sample", "per_batch")
        }
    except InputError as error:
        REFUSED.append(str(error))
        raise AssertionError(f"{model} was refused: {error}") from error
    drawn = np.stack(list(Draws(1, 0, "with_replacement", SAMPLES).batches(size, 0, 3)))
    for name, each in expected.items():
        # What is zero in theory (a key's bias, one before a normalisation) is rounding, at the scale of the model.
        scale = max(np.abs(each).max(), 1e-2 * whole)
        assert np.abs(rows[name] - each).max() < 1e-4 * scale, name
        centred = each - each.mean(axis=0)
        assert (
            np.abs(np.ravel(moments[name].variance) - (centred**2).mean(axis=0)).max()
            < 1e-3 * scale**2
        )
        batches = each[drawn].mean(axis=1) - each.mean(axis=0)
        for how, found in noise.items():
            assert np.abs(found[name][size] - batches).max() < 2e-4 * scale, (name, how)


LAYERS = (
    *(nn.Linear, NonDynamicallyQuantizableLinear, nn.Conv1d, nn.Conv2d, nn.Embedding),
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.RMSNorm, nn.GroupNorm),
    *(nn.InstanceNorm1d, nn.InstanceNorm2d, nn.MultiheadAttention),
)


def usual(model: nn.Module) -> set[str]:
    """Parameters of torch's own layers that are used as layers."""
    misled = tuple(f"{n}." for n, each in model.named_modules() if isinstance(each, Misleading))
    return {
        name
        for name, _ in model.named_parameters()
        if not name.startswith(misled)
        and type(model.get_submodule(name.rpartition(".")[0])) in LAYERS
    }


def test_no_layer_of_torchs_own_goes_a_slower_way_silently() -> None:
    seen: set[type] = set()
    for seed in range(120):
        model, x, y = model_and_data(seed)
        names = usual(model)
        selections = select(dict(model.named_parameters()), 5, 0, 0, sorted(names))
        with preserved(model) as kept, measuring():
            found = ProvenGradients(Problem(model, F.cross_entropy, kept), selections)
            try:
                found.rows(x, y)
            except RuntimeError:
                continue  # torch itself cannot: a layer of its own changed in place by the next
        slower = {name for name in names if found.ways[name] is not Way.CAPTURED}
        assert slower == set(), (seed, model)
        seen |= {type(each) for each in model.modules()}
    assert set(LAYERS) <= seen
