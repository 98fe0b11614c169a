"""What the README shows runs: its Python, and its recipe for a network of one's own.

Its commands, and the same in an environment without the tests' packages: `tests/workflow/test_fresh_clone.py`.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

import example_project
from example_documents import PREAMBLE, README, blocks, provide


@pytest.fixture(scope="module")
def namespace() -> dict[str, Any]:
    found: dict[str, Any] = {}
    exec(PREAMBLE, found)
    return found


def test_the_snippets_run_one_after_the_other(namespace: dict[str, Any]) -> None:
    with_results, *others = blocks(README, "python")
    assert "xr.open_zarr" in with_results  # of a finished experiment
    assert len(others) == 5
    for snippet in others:
        exec(snippet, namespace)
    assert namespace["passed"].shape == (27,)
    assert 0 < namespace["distance"] < namespace["bound"].flatten()[17]
    assert namespace["covariance"].shape == (3, 3)
    assert namespace["irreversibility"] >= 0
    assert namespace["curvature"].shape == (3,)
    assert abs(namespace["forward"]) < 4
    exact, v = namespace["exact"], namespace["v"]
    assert v.mean() == pytest.approx(exact.mean, abs=0.05)
    assert v.var() == pytest.approx(exact.variance, rel=0.15)
    assert namespace["eigenvalues"].shape == (5,)
    assert namespace["stretch"].shape == (200,)
    ratio = namespace["noise_over_fisher"]
    assert 0 < ratio.standard_error < ratio.value < 3


# Less of everything: the recipe alone measures as much as the default experiment.
LESS = """
training: {epochs: 1, seeds: [1], batch_size: 32}
noise: {checkpoints: [1], batch_sizes: [4, 16], batches: 30, repeats: 2, coordinates: 20, directions: 5}
gaussianity: {batches: [30]}
calibration: {series: 500}
balance: {studies: []}
geometry: {studies: []}
"""


@pytest.mark.slow
def test_the_recipe_for_ones_own_network_comes_to_its_end(tmp_path: Path) -> None:
    example_project.create(tmp_path)
    recipe = (tmp_path / provide(tmp_path)[0]).read_text()
    assert set(yaml.safe_load(recipe)) == {"output", "runs", "run_definitions", "data", "model"}
    (tmp_path / "overlay.yaml").write_text(recipe + LESS)
    done = example_project.snakemake(tmp_path, "--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    results = tmp_path / "results-mine"
    assert "0.weight" in (results / "tables/layers.csv").read_text()
    assert (results / "mine/seed-1/epoch-1/gaussianity/2.weight.h5").is_file()
    assert "my_package.networks:build" in (results / "report.html").read_text()
