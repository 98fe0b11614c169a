"""Public names say what they take and give, with an example that runs."""

import doctest
import importlib
import inspect
import logging
import sys
from functools import partial

import pytest
import torch
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from gradnoise import stage
from gradnoise.gradients import per_sample_gradients
from gradnoise.moments import per_sample_moments
from gradnoise.noise import sample_noise

PUBLIC = {
    "gaussianity": ("shapiro_wilk", "anderson_darling", "classify"),
    "tails": ("tail_index",),
    "clt": ("berry_esseen_bound", "predicted_pass_rate", "exact_ks"),
    "moments": ("per_sample_moments",),
    "gradients": ("per_sample_gradients",),
    "noise": ("sample_noise",),
    "balance": (
        *("diagonal_density", "diagonal_moments", "diagonal_cdf", "diagonal_quantiles"),
        *("critical_temperature", "sample_diagonal", "sample_units"),
        *("growth_rate", "critical_learning_rate"),
    ),
    "geometry": ("critical_initialisation", "fisher_eigenvalues", "jacobian_singular_values"),
}


@pytest.mark.parametrize(
    ("package", "name"), [(package, name) for package, names in PUBLIC.items() for name in names]
)
def test_a_public_name_has_an_example_that_runs(package: str, name: str) -> None:
    function = getattr(importlib.import_module(f"gradnoise.{package}"), name)
    scope = {**vars(inspect.getmodule(function)), name: function}
    examples = doctest.DocTestFinder(recurse=False).find(function, name, globs=scope)
    (example,) = examples
    assert example.examples, name
    failed, _ = doctest.DocTestRunner().run(example)
    assert not failed
    for word in ("Args:", "Returns:", "Raises:"):
        assert word in (function.__doc__ or ""), word


MEASURED = [
    per_sample_gradients,
    per_sample_moments,
    *(
        partial(sample_noise, batch_sizes=[2, 4], batches=3, seed=0, strategy=strategy)
        for strategy in ("per_sample", "per_batch")
    ),
]


@pytest.mark.parametrize("measure", MEASURED)
@pytest.mark.parametrize(
    ("terminal", "level", "wanted", "shown"),
    [
        (True, logging.WARNING, True, True),
        (True, logging.INFO, False, False),
        (False, logging.WARNING, True, False),
        (False, logging.INFO, True, True),
        (False, logging.INFO, False, False),
    ],
)
def test_progress_is_for_terminals_and_logs_and_can_be_silenced(
    measure, terminal, level, wanted, shown, capsys, caplog, monkeypatch
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)

    def at_once(items, **how):
        return tqdm(items, **{**how, "delay": 0})  # else after five seconds

    monkeypatch.setattr(stage, "tqdm", at_once)
    model = torch.nn.Linear(3, 2)
    inputs, targets = torch.arange(30.0).reshape(10, 3) / 10, torch.arange(10) % 2
    with caplog.at_level(level, "gradnoise"):
        measure(model, cross_entropy, inputs, targets, progress=wanted)
    assert bool(capsys.readouterr().err) is shown
