"""Results that figures are drawn from."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from example_results import CNN, resnet, write_run, write_tables


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """No test leaves a figure open."""
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def results(tmp_path_factory) -> tuple[Path, list[Path]]:
    folder = tmp_path_factory.mktemp("results")
    run = write_run(folder, "cnn", CNN, batch_sizes=(16, 1024), epochs=(0, 2), repeats=2)
    last = [path for path in run[0] if "seed-0/epoch-2" in path.as_posix()]
    return write_tables(folder, run), last


@pytest.fixture(scope="session")
def deep() -> pd.DataFrame:
    """Aggregated rows of a residual network, as the tables hold them."""
    rows = []
    for place, (layer, operation, size, difficulty) in enumerate(resnet(6)):
        block = int(layer[5]) if layer.startswith("block") else 0
        for epoch in (1, 10):
            for batch_size in (64, 512):
                for batches in (200, 600):
                    value = 95 * np.exp(-10 * difficulty * batches / 200 / batch_size**0.5)
                    rows.append(
                        {
                            "run": "resnet20",
                            "epoch": epoch,
                            "parameter": f"{layer}.weight",
                            "layer": layer,
                            "operation": operation,
                            "kind": "weight",
                            "block": block,
                            "index": (place - 1) % 6 + 1 if block else 1,
                            "size": size,
                            "batch_size": batch_size,
                            "batches": batches,
                            "percentage_gaussian": value,
                            "percentage_gaussian_lower": value - 1,
                            "percentage_gaussian_upper": value + 1,
                            "share_dirac": 0.0,
                            "unit": "repeat",
                            "n_seeds": 1,
                            "n_repeats": 5,
                        }
                    )
    return pd.DataFrame(rows)
