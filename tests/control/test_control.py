import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gradnoise.control import judgement
from gradnoise.control.judgement import called_variance, check_population
from gradnoise.control.populations import (
    DEGREES,
    INDEXED,
    SOURCES,
    Source,
    fresh_noise,
    regression_gradients,
    resampled_noise,
)
from gradnoise.tails.stable.index import tail_index

NULL = {"ecf": 1.983, "mcculloch": 1.916, "mohammadi": 1.83, "ml": 1.99}


def test_gradients_are_those_of_a_regression() -> None:
    """At the true parameters of 3 targets of 3 features, by automatic differentiation on the same numbers."""
    torch = pytest.importorskip("torch")
    shape = (5, 3)
    found = regression_gradients(np.random.default_rng(0), "t(3)", "inputs", shape)
    random = np.random.default_rng(0)
    inputs = torch.tensor(random.standard_t(3, shape))
    errors = torch.tensor(random.standard_normal(shape))
    weights = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    for sample in range(5):
        prediction = inputs[sample] @ weights
        loss = 0.5 * ((prediction - (prediction.detach() - errors[sample])) ** 2).sum()
        (gradient,) = torch.autograd.grad(loss, weights)
        np.testing.assert_allclose(found[sample], gradient.diagonal().numpy(), rtol=1e-12)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("distribution", DEGREES)
def test_every_population_is_called_right(
    distribution: str, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judgement, "FEATURES", 160)
    rows = check_population(distribution, source, [16, 64], 200, 3, NULL)
    assert [(row.draws, row.batch_size) for row in rows] == [
        ("fresh", 16),
        ("fresh", 64),
        ("resampled", 16),
        ("resampled", 64),
    ]
    assert {row.verdict for row in rows} == {"right"}
    assert {row.finite_variance for row in rows} == {distribution != "t(1.5)"}
    assert {row.finite_fourth for row in rows} == {distribution == "gaussian"}


def test_a_wrong_call_is_called_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "GAP", -1.0)
    monkeypatch.setattr(judgement, "FEATURES", 40)
    rows = check_population("gaussian", "labels", [16], 100, 0, NULL)
    assert [row.verdict for row in rows] == ["wrong", "right"]
    assert rows[0].called_variance == "infinite"


def test_large_resampled_batches_hide_the_tails() -> None:
    random = np.random.default_rng(2)
    gradients = regression_gradients(random, "t(1.5)", "labels", (1000, INDEXED))
    hidden = tail_index(resampled_noise(gradients, [2048], 200, 0)[0], axis=0)
    fresh = tail_index(fresh_noise(random, "t(1.5)", "labels", 256, 200), axis=0)
    assert np.median(hidden.alpha) > 1.9
    assert np.median(fresh.alpha) < 1.6


def test_variance_is_called_by_the_growth() -> None:
    assert called_variance(0.35, 0.05) == "finite"
    assert called_variance(0.95, 0.05) == "infinite"
    assert called_variance(0.65, 0.05) == "undecided"


def test_stage_writes_a_table(tmp_path: Path) -> None:
    program = (
        "import sys; from gradnoise import stage; from gradnoise.control import judgement; from gradnoise.control.__main__ import main; judgement.SAMPLES = 2000;"
        "judgement.FEATURES = 20; judgement.NULL_SERIES = 50; stage.run(main);"
        "print(sorted({'torch', 'scipy.stats', 'pandas'} & set(sys.modules)))"
    )
    settings = {"seed": 0, "batch_sizes": [16, 64], "batches": 100}
    options = ["--settings", json.dumps(settings), "--output", str(tmp_path / "control.csv")]
    loaded = subprocess.check_output([sys.executable, "-c", program, *options], text=True)
    assert loaded.strip() == "[]"
    with (tmp_path / "control.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    assert list(rows[0])[:5] == ["distribution", "source", "draws", "batch_size", "batches"]
    assert {row["verdict"] for row in rows} <= {"right", "wrong"}
