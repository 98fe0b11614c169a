"""Small networks in double precision, their Fisher information by definition, and small studies of the stage."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from gradnoise.geometry import initialise
from gradnoise.stage import read_settings
from gradnoise.store.registry import registered
from gradnoise.store.studies import declared
from stages import geometry


def perceptron(widths: Sequence[int], last: bool = False) -> nn.Sequential:
    """Linear layers with tanh between them, and with `last` after the last one."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        layers += [nn.Linear(fan_in, fan_out), nn.Tanh()]
    return nn.Sequential(*(layers if last else layers[:-1])).double()


def classifier(samples: int = 30) -> tuple[nn.Sequential, torch.Tensor, torch.Tensor]:
    """A network at weights of its own, inputs and labels."""
    random = torch.Generator().manual_seed(2)
    model = perceptron([5, 4, 3])
    initialise(model, "gaussian", 0.7, seed=3)
    inputs = torch.randn(samples, 5, generator=random).double() * 1.7 + 0.2
    return model, inputs, torch.randint(0, 3, (samples,), generator=random)


def jacobians(model: nn.Module, inputs: torch.Tensor) -> np.ndarray:
    """Every output of every sample by all parameters, one backward pass each: (N, outputs, P)."""
    found = []
    for sample in inputs:
        outputs = model(sample.unsqueeze(0))[0]
        rows = [
            torch.cat([part.reshape(-1) for part in _gradients(output, model)])
            for output in outputs
        ]
        found.append(torch.stack(rows).numpy())
    return np.array(found)


def _gradients(output: torch.Tensor, model: nn.Module) -> tuple[torch.Tensor, ...]:
    return torch.autograd.grad(output, list(model.parameters()), retain_graph=True)


def dense_fisher(model: nn.Module, inputs: torch.Tensor) -> np.ndarray:
    """Mean of J^T (diag(p) - p p^T) J over the samples."""
    odds = model(inputs).softmax(1).detach().numpy()
    middle = np.array([np.diag(p) - np.outer(p, p) for p in odds])
    each = jacobians(model, inputs)
    return np.einsum("nop,noq,nqr->pr", each, middle, each) / len(inputs)


STUDIES = registered("gradnoise.geometry.studies", "STUDY")
TABLES = declared("geometry", STUDIES)
# Studies at their smallest: every number is another one.
SMALL: dict[str, Any] = {
    **{"seed": 3, "width": 12, "depths": [4], "q": [0.05, 0.6], "networks": 2, "samples": 7},
    **{"images": 60, "batch_size": 15, "rates": [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 50.0]},
    **{"steps": 20, "loss": 1.9, "ensemble": 400, "deepest": 30},
}


def pieces(name: str) -> dict[str, dict[str, Any]]:
    """Settings of all jobs of a study at its smallest."""
    return geometry.pieces(geometry.Geometry(studies=[name], **SMALL))


@cache
def study(name: str) -> dict[str, pd.DataFrame]:
    """Tables of one study at its smallest, made once, job by job."""
    made = STUDIES[name]
    found = [made.run(read_settings(made.settings, each)) for each in pieces(name).values()]
    return {
        f"geometry_{table}": pd.DataFrame([row for rows in found for row in rows[table]])
        for table in made.tables
    }
