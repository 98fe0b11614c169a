"""What the README shows runs."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

README = (Path(__file__).parents[1] / "README.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.S)


class Network(nn.Sequential):
    """A convolution called as in the README, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.flat, self.out = nn.Conv2d(1, 3, 3), nn.Flatten(), nn.Linear(108, 3)


@pytest.fixture(scope="module")
def namespace() -> dict[str, Any]:
    torch.manual_seed(0)
    factor = np.random.default_rng(0).normal(size=(3, 3))
    trajectory = np.zeros((500, 2))
    noise = np.random.default_rng(1).normal(size=(500, 2))
    for step in range(2, 500):
        trajectory[step] = 1.8 * trajectory[step - 1] - 0.85 * trajectory[step - 2] + noise[step]
    return {
        "model": Network(),
        "loss": F.cross_entropy,
        "inputs": torch.randn(200, 1, 8, 8),
        "targets": torch.randint(0, 3, (200,)),
        "hessian": np.diag([1.0, 2.0, 3.0]),
        "noise_covariance": factor @ factor.T,
        "trajectory": trajectory,
    }


def test_the_snippets_run_one_after_the_other(namespace: dict[str, Any]) -> None:
    with_results, *others = SNIPPETS
    assert "xr.open_zarr" in with_results  # of a finished experiment
    assert len(others) == 3
    for snippet in others:
        exec(snippet, namespace)
    assert namespace["passed"].shape == (27,)
    assert 0 < namespace["distance"] < namespace["bound"].flatten()[17]
    assert namespace["covariance"].shape == (3, 3)
    assert namespace["irreversibility"] >= 0
    assert namespace["curvature"].shape == (2,)
