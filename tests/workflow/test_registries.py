"""What the package registers is found without importing it."""

import subprocess
import sys

import registries
from example_config import ROOT


def test_entries_of_a_folder_are_its_modules() -> None:
    assert registries.modules("gradnoise.calibration") == ("checks", "laws")


def test_optimizers_are_known_without_torch() -> None:
    assert registries.modules("gradnoise.training.optimizers") == ("adamw", "sgd", "signsgd")


def test_planning_an_experiment_imports_no_library_that_computes() -> None:
    heavy = "{'torch', 'numba', 'pandas', 'matplotlib', 'zarr', 'scipy'} & set(sys.modules)"
    program = f"import sys, jobs; print(*{heavy})"
    folders = f"{ROOT / 'workflow'}:{ROOT / 'src'}"
    found = subprocess.check_output(
        [sys.executable, "-c", program], text=True, env={"PYTHONPATH": folders}
    )
    assert found.split() == []
