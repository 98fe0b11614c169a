"""The stage as a program."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import zarr

from example_tails import BATCHES, REPEATS, SIZES, command_line, write_inputs
from gradnoise.tails import __main__ as tails
from gradnoise.tails.analysis import measure_tails


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layer")
    write_inputs(folder)
    program = (
        "import sys; from gradnoise import stage; from gradnoise.tails.__main__ import main; stage.run(main);"
        "print(sorted({'torch', 'scipy.stats', 'pandas'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program, *command_line(folder, folder / "conv1.weight.h5")]
    (folder / "loaded").write_text(subprocess.check_output(command, text=True))
    return folder


def test_stage_loads_neither_torch_nor_scipy_stats_nor_pandas(results: Path) -> None:
    assert (results / "loaded").read_text().strip() == "[]"


def test_stage_writes_what_the_analysis_says(results: Path) -> None:
    opened = [zarr.open_group(results / f"repeat-{r}.zarr")["conv1.weight/noise"] for r in REPEATS]
    expected = measure_tails(opened, SIZES, BATCHES, REPEATS, ("ecf", "mcculloch"), seed=1)
    with h5py.File(results / "conv1.weight.h5") as file:
        for method, fields in expected.indices.items():
            for name, values in fields.items():
                np.testing.assert_array_equal(file[f"coordinates/{method}/{name}"][...], values)
        assert file["norms"][...].tobytes() == expected.norms.tobytes()
        assert file["coordinates/index"][:3].tolist() == [1, 4, 7]
        assert file["growth"]["coordinates"].tolist() == [19]
        assert file["growth"]["kurtosis_exponent"][0] > 0.1
        assert file["influence"]["batch_size"].tolist() == SIZES
        assert np.all(file["influence"]["extreme_share"] > file["influence"]["usual_share"])
        assert file["influence_classes"]["share_samples"].tolist() == [0.5, 0.5]
        assert file["largest"]["repeat"].tolist() == REPEATS
        attributes = dict(file.attrs)
    assert (attributes["seed"], attributes["simulation_seed"]) == (5, 1)
    assert (attributes["batches"], attributes["size"]) == (BATCHES, 432)
    assert attributes["samples"] == "per-sample gradients"


def test_stage_without_per_sample_gradients_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_inputs(tmp_path, "per_batch")
    monkeypatch.setattr(
        sys, "argv", ["tails", *command_line(tmp_path, tmp_path / "conv1.weight.h5")]
    )
    tails.main()
    with h5py.File(tmp_path / "conv1.weight.h5") as file:
        assert "growth" not in file
        assert file.attrs["samples"] == "augmented"
        assert file["norms"].shape == (4,)
