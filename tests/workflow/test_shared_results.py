"""Two outputs of one experiment share data, networks and gradients, and Snakemake has nothing left to do for either."""

from pathlib import Path

import pytest

from example_project import create, snakemake


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".kept" not in str(path) and path.name != ".snakemake_timestamp"
    }


@pytest.mark.slow
def test_a_second_output_takes_data_networks_and_gradients_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(tmp_path)
    results = (
        "data/fashion_mnist_subset.h5",
        "small/seed-1/training.csv",
        "small/seed-1/epoch-1/gradients.zarr",
    )
    monkeypatch.setenv("GRADNOISE_CACHE", str(tmp_path / "cache"))
    for output in ("first", "second"):
        target = f"{output}/{results[-1]}"
        for options in (["--cores", "2"], ["--dry-run"]):
            done = snakemake(tmp_path, target, *options, "--config", f"output={output}")
            assert done.returncode == 0, done.stdout + done.stderr
        assert "Nothing to be done" in done.stdout + done.stderr
        logs = {
            name: (tmp_path / "logs" / output / name).with_suffix(".log").read_text()
            for name in results
        }
        taken = {name for name, text in logs.items() if "another workflow computed" in text}
        assert taken == (set() if output == "first" else set(logs))
    first, second = (contents(tmp_path / output) for output in ("first", "second"))
    assert first == second
    assert "small/seed-1/checkpoints/epoch-1.safetensors" in first
    assert len(list((tmp_path / "cache").iterdir())) == len(results)
