"""What the package registers is found without importing it."""

import subprocess
import sys

import pytest

import registries
from example_config import ROOT
from gradnoise.training import augmentation


def test_entries_of_a_folder_are_its_modules() -> None:
    assert registries.modules("gradnoise.model.losses") == ("cross_entropy", "mean_squared_error")


def test_optimizers_are_known_without_torch() -> None:
    assert registries.modules("gradnoise.training.optimizers") == ("adamw", "sgd", "signsgd")


def test_a_constant_is_read_from_the_source() -> None:
    assert registries.constant("gradnoise.training.augmentation", "PADDING") == augmentation.PADDING


def test_a_constant_that_is_not_there_is_named() -> None:
    with pytest.raises(LookupError, match="augmentation: assigns no MISSING"):
        registries.constant("gradnoise.training.augmentation", "MISSING")


def test_planning_an_experiment_imports_no_library_that_computes() -> None:
    heavy = "{'torch', 'numba', 'pandas', 'matplotlib', 'zarr', 'scipy'} & set(sys.modules)"
    program = f"import sys, jobs; print(*{heavy})"
    folders = f"{ROOT / 'workflow'}:{ROOT / 'src'}"
    found = subprocess.check_output(
        [sys.executable, "-c", program], text=True, env={"PYTHONPATH": folders}
    )
    assert found.split() == []
