"""Names for notebooks: there, documented, and their examples run."""

import doctest
import inspect

import pytest

import gradnoise.langevin as public


@pytest.mark.parametrize("name", public.__all__)
def test_examples_of_public_names_run(name: str) -> None:
    function = getattr(public, name)
    module = inspect.getmodule(function)
    tests = doctest.DocTestFinder(recurse=False).find(function, name, globs=vars(module).copy())
    runner = doctest.DocTestRunner()
    assert sum(runner.run(test).attempted for test in tests) > 0
    assert runner.summarize().failed == 0
