"""Public names say what they take and give, with an example that runs."""

import doctest
import importlib
import inspect

import pytest

PUBLIC = {
    "gaussianity": ("shapiro_wilk", "anderson_darling", "classify"),
    "tails": ("tail_index",),
    "clt": ("berry_esseen_bound", "predicted_pass_rate", "exact_ks"),
    "moments": ("per_sample_moments",),
    "gradients": ("per_sample_gradients",),
    "noise": ("sample_noise",),
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
