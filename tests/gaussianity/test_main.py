"""The stage: from noise stores to a layer's file."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from example_noise import SIZES, layer, write_store
from gradnoise.errors import InputError
from gradnoise.gaussianity.__main__ import main
from gradnoise.gaussianity.analysis import describe_layer


def command_line(folder: Path, output: Path, **changes: Any) -> list[str]:
    settings = {"batches": [20, 60]} | changes
    stores = [str(path) for path in sorted(folder.glob("*.zarr"))]
    return ["--settings", json.dumps(settings), "--noise", *stores, "--output", str(output)]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: Any, **changes: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["gaussianity", *command_line(*arguments, **changes)])
    main()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layer")
    for repeat in (1, 2):
        write_store(folder / f"repeat-{repeat}.zarr", repeat, layer(repeat))
    # Calibration's modules are those of the statistics stages, too.
    program = (
        "import sys; from gradnoise import stage; import gradnoise.calibration.__main__; from gradnoise.gaussianity.__main__ import main;"
        "stage.run(main);"
        "print(sorted({'torch', 'scipy.stats', 'pandas'} & set(sys.modules)))"
    )
    options = command_line(folder, folder / "gaussianity" / "conv1.weight.h5")
    command = [sys.executable, "-c", program, *options]
    (folder / "loaded").write_text(subprocess.check_output(command, text=True))
    return folder


def test_stage_loads_neither_torch_nor_scipy_stats_nor_pandas(results: Path) -> None:
    assert (results / "loaded").read_text().strip() == "[]"


def test_stage_writes_what_the_analysis_says(results: Path) -> None:
    noise = [layer(1), layer(2)]
    along = [each[..., 3:9] for each in noise]
    with h5py.File(results / "gaussianity" / "conv1.weight.h5") as file:
        for group, series in (("coordinates", noise), ("directions", along)):
            for name, values in describe_layer(series, [20, 60]).items():
                np.testing.assert_array_equal(file[group][name][...], values)
        assert "significance" not in file.attrs
        assert file["coordinates/index"][:3].tolist() == [1, 4, 7]
        assert file["batch_sizes"][...].tolist() == SIZES
        assert file["batches"][...].tolist() == [20, 60]
        assert file["repeats"][...].tolist() == [1, 2]
        assert file["examples/samples"].shape == (6, 60)
        assert file["examples"].attrs["coordinate"][2] == 1
        attributes = dict(file.attrs)
    assert attributes["parameter"] == "conv1.weight"
    assert (attributes["seed"], attributes["epoch"], attributes["size"]) == (5, 3, 432)
    assert "repeat" not in attributes
    assert json.loads(attributes["versions"]) == {"a": 1}


def test_stage_is_reproducible_to_the_bit(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(monkeypatch, results, tmp_path / "conv1.weight.h5")
    with (
        h5py.File(results / "gaussianity" / "conv1.weight.h5") as one,
        h5py.File(tmp_path / "conv1.weight.h5") as two,
    ):
        for name in ("coordinates/class", "coordinates/statistic", "directions/pvalue"):
            assert one[name][...].tobytes() == two[name][...].tobytes()


@pytest.mark.parametrize(
    ("parameter", "changes", "message"),
    [
        ("conv1.weight", {"batches": [61]}, "found 61; accepted: 3 to 60"),
        ("conv9.weight", {}, "found no 'conv9.weight'; there are: conv1.weight"),
    ],
)
def test_stage_names_what_is_wrong(
    results: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    parameter: str,
    changes: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(InputError, match=message):
        run(monkeypatch, results, tmp_path / f"{parameter}.h5", **changes)
    assert not list(tmp_path.iterdir())
