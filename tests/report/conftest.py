"""One report for all tests of it."""

from pathlib import Path

import pytest

from example_report import write_experiment


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file that the report reads, and the report itself."""
    folder = tmp_path_factory.mktemp("results")
    write_experiment(folder)
    return folder
