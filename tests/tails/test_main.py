"""The stage as a program."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import zarr

from example_tails import BATCHES, REPEATS, SIZES, command_line, write_inputs
from gradnoise.errors import InputError
from gradnoise.tails import __main__ as tails
from gradnoise.tails.analysis import analyse_tails


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layer")
    write_inputs(folder)
    program = (
        "import sys; from gradnoise import stage; from gradnoise.tails.__main__ import main; stage.run(main);"
        "print(sorted({'torch', 'scipy.stats', 'pandas'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program, *command_line(folder, folder / "tails.h5")]
    (folder / "loaded").write_text(subprocess.check_output(command, text=True))
    return folder


def test_stage_loads_neither_torch_nor_scipy_stats_nor_pandas(results: Path) -> None:
    assert (results / "loaded").read_text().strip() == "[]"


def test_stage_writes_what_the_analysis_says(results: Path) -> None:
    opened = [zarr.open_group(results / f"repeat-{r}.zarr")["conv1.weight/noise"] for r in REPEATS]
    with h5py.File(results / "tested.h5") as tested:
        classes, pvalues = (tested[f"coordinates/{name}"][:, 1] for name in ("class", "pvalue"))
    expected = analyse_tails(
        opened, SIZES, BATCHES, REPEATS, classes, pvalues, ("ecf", "mcculloch"), seed=1
    )
    with h5py.File(results / "tails.h5") as file:
        for method, fields in expected.indices.items():
            for name, values in fields.items():
                np.testing.assert_array_equal(file[f"coordinates/{method}/{name}"][...], values)
        assert file["summary"][...].tobytes() == expected.summary.tobytes()
        assert file["norms"][...].tobytes() == expected.norms.tobytes()
        assert file["coordinates/index"][:3].tolist() == [1, 4, 7]
        assert file["examples/samples"].shape == (6, BATCHES)
        assert file["growth"]["coordinates"].tolist() == [19]
        assert file["growth"]["kurtosis_exponent"][0] > 0.1
        assert file["influence"]["batch_size"].tolist() == SIZES
        assert np.all(file["influence"]["extreme_share"] > file["influence"]["usual_share"])
        assert file["influence_classes"]["share_samples"].tolist() == [0.5, 0.5]
        assert file["samples/behind_examples"].shape == (6, 24)
        attributes = dict(file.attrs)
    assert (attributes["seed"], attributes["simulation_seed"]) == (5, 1)
    assert (attributes["batches"], attributes["size"]) == (BATCHES, 432)
    assert attributes["samples"] == "per-sample gradients"


def test_extreme_samples_of_an_example_are_the_outermost(results: Path) -> None:
    gradients = zarr.open_group(results / "gradients.zarr")["conv1.weight/gradient"][...]
    with h5py.File(results / "tails.h5") as file:
        for coordinate, behind in zip(
            file["examples/coordinate"], file["samples/behind_examples"], strict=True
        ):
            column = gradients[:, (coordinate - 1) // 3]
            assert column[behind[0]] == column.min()
            assert column[behind[-1]] == column.max()


def test_stage_without_per_sample_gradients_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_inputs(tmp_path, "per_batch")
    monkeypatch.setattr(sys, "argv", ["tails", *command_line(tmp_path, tmp_path / "tails.h5")])
    tails.main()
    with h5py.File(tmp_path / "tails.h5") as file:
        assert "growth" not in file
        assert file.attrs["samples"] == "augmented"
        assert file["summary"].shape == (8,)


def test_stage_names_what_does_not_fit(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "require_same_series", lambda noises: noises.reverse())
    monkeypatch.setattr(sys, "argv", ["tails", *command_line(results, results / "x.h5")])
    with pytest.raises(InputError, match=r"tested.h5: found other batch sizes, repeats"):
        tails.main()
    assert not (results / "x.h5").exists()
