"""Versions that enter results."""

import platform

import numpy as np

from gradnoise.store.versions import PACKAGES, versions


def test_versions_are_those_installed_and_leave_out_what_is_not() -> None:
    found = versions()
    assert list(found) == ["python", *PACKAGES]
    assert found["python"] == platform.python_version()
    assert found["numpy"] == np.__version__
    assert list(versions(["numpy", "no such package"])) == ["python", "numpy"]
