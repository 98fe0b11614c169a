"""Results that the config no longer asks for are found and removed, and nothing else."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

import prune
from example_config import DEFAULT, ROOT
from experiment import Experiment, merged
from gradnoise.figures import catalogue
from stale import remove, stale, wanted

REPEATS = DEFAULT["noise"]["repeats"]
FOLDERS = (".zarr", "checkpoints")
# Figures of a run that need two epochs.
EPOCHS = [
    f"figures/cnn-{name}.*" for name, one in catalogue.entries().items() if "epochs" in one.needs
]


def config(**changes: Any) -> dict[str, Any]:
    found = deepcopy(DEFAULT)
    for path, value in changes.items():
        section, _, key = path.partition("__")
        if key:
            found[section][key] = value
        else:
            found[section] = value
    return found


def make(path: Path) -> None:
    """A result of 1000 bytes at a path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name.endswith(FOLDERS):
        path.mkdir()
        path = path / "content"
    path.write_bytes(b"x" * 1000)


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All results of the default experiment, in a folder with a name that patterns could misread."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    folder = Path("results (1) [a-z]+")
    experiment = Experiment(config(output=str(folder)))
    for path in wanted(experiment):
        make(Path(path))
    for path in (experiment.paths.report, experiment.paths.claims):
        make(Path(path))
    return folder


def experiment(output: Path, **changes: Any) -> Experiment:
    return Experiment(config(output=str(output), **changes))


def test_what_the_config_asks_for_is_not_stale(output: Path) -> None:
    assert stale(experiment(output)) == {}
    assert stale(experiment(Path("nowhere"))) == {}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"runs": ["cnn", "softmax_regression"]}, ["cnn_epoch_shuffle/", "figures/cnn_epoch_shuffle-*.*"]),
        ({"training__seeds": [1, 3]}, ["cnn/seed-2/"]),
        ({"training__seeds": [2]}, ["cnn/seed-1/", "cnn/seed-3/", "cnn_epoch_shuffle/seed-1/"]),
        ({"geometry__depths": [8, 9]}, ["geometry/initialisation-depth-16"]),
        ({"balance__studies": ["norms"], "geometry__studies": []}, ["balance/transition", "figures/balance-*.*", "figures/geometry-*.*", "geometry/"]),
        ({"noise__checkpoints": [4]}, [f"cnn/seed-{s}/epoch-0/" for s in (1, 2, 3)] + EPOCHS),
        ({"noise__repeats": REPEATS - 1}, [f"cnn/seed-{s}/epoch-{e}/noise/repeat-{REPEATS}.zarr/" for s in (1, 2, 3) for e in (0, 4)]),
    ],
)  # fmt: skip
def test_runs_seeds_epochs_and_repeats_that_the_config_no_longer_names_are_stale(
    output: Path, changes: dict[str, Any], expected: list[str]
) -> None:
    assert list(stale(experiment(output, **changes))) == expected


def test_layers_variants_data_and_figures_that_the_config_no_longer_names_are_stale(
    output: Path,
) -> None:
    changed = config(output=str(output))
    changed["noise"]["layers"] = ["conv1", "conv2"]
    changed["run_definitions"]["cnn"] = {}
    changed["runs"] = ["cnn"]
    found = list(stale(Experiment(changed)))
    assert "softmax_regression/" in found
    assert "figures/softmax_regression-*.*" in found
    assert "cnn/seed-1/epoch-4/trajectory/" in found
    assert "cnn/seed-1/epoch-4/langevin/" in found
    assert "cnn/seed-2/epoch-0/tails/linear1.weight.h5" in found
    assert not any("conv1" in each for each in found)
    changed["data"]["dataset"] = "linear_regression"
    changed["model"]["name"] = "linear"
    changed["noise"]["layers"] = "all"
    changed["training"]["loss"] = "mean_squared_error"
    assert "data/fashion_mnist_subset.h5" in list(stale(Experiment(changed)))


def test_only_results_are_stale(output: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    for path in ("seed-1/training.csv", "seed-2/checkpoints", "seed-3/epoch-1/gradients.zarr"):
        make(elsewhere / path)
    (output / "linked").symlink_to(elsewhere)
    (output / "old/seed-1").mkdir(parents=True)
    (output / "old/seed-1/training.csv").symlink_to(elsewhere / "seed-1/training.csv")
    (output / "old/seed-1/checkpoints").symlink_to(elsewhere / "seed-2/checkpoints")
    mine = ["notes.txt", "old/notes.txt", "old/seed-1/mine.csv", "old/seed-x/training.csv"]
    mine += [
        "old/old/seed-1/training.csv",
        "data/raw/x.h5",
        "cnn-training.csv",
        "figures/my plot.png",
    ]
    for path in mine:
        make(output / path)
    assert stale(experiment(output)) == {}
    make(output / "old/seed-2/training.csv")
    make(output / "old/seed-2/.checkpoints.work/content")
    make(output / "old/seed-2/.checkpoints.kept/content")
    make(output / "old/seed-2/.training.csv.crc32c")
    (output / "cnn/seed-1/.checkpoints.work").mkdir()  # to be resumed
    (output / "cnn/seed-1/.checkpoints.kept").mkdir()  # of a result that is there
    hidden = (".checkpoints.kept", ".checkpoints.work", ".training.csv.crc32c", "training.csv")
    found = [output / "old/seed-2" / name for name in hidden]
    assert stale(experiment(output)) == {"old/": found}
    for path in found:
        remove(path, output)
    assert not (output / "old/seed-2").exists()
    assert all((output / path).exists() for path in mine)
    assert sum(path.is_file() for path in elsewhere.rglob("*")) == 3


def test_links_to_results_that_were_removed_are_named_and_their_bytes_count_once(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(output / "old/seed-1/training.csv")
    (output / "old/seed-1/.checkpoints.kept").mkdir()
    kept = output / "old/seed-1/.checkpoints.kept/training.csv"
    kept.hardlink_to(output / "old/seed-1/training.csv")
    Path("config.yaml").write_text(yaml.safe_dump(config(output=str(output))))
    prune.main([])
    assert f"     0.001 MB in    2 results: {output}/old" in capsys.readouterr().out
    make(output / "cnn/seed-1/.checkpoints.kept/content")
    remove(output / "cnn/seed-1/checkpoints", output)
    tails = output / "cnn/seed-1/epoch-4/tails"
    for name in ("conv1.weight", "conv2.weight"):
        make(tails / f".{name}.h5.0123456789abcdef.kept")
    (tails / "conv2.weight.h5").unlink()
    assert stale(experiment(output))["removed, but kept for a second attempt"] == [
        output / "cnn/seed-1/.checkpoints.kept",
        tails / ".conv2.weight.h5.0123456789abcdef.kept",
    ]


def test_nothing_outside_the_output_folder_is_removed(output: Path, tmp_path: Path) -> None:
    make(tmp_path / "mine/seed-1/training.csv")
    (output / "linked").symlink_to(tmp_path / "mine")
    for path in (
        output / "linked/seed-1/training.csv",
        tmp_path / "mine/seed-1/training.csv",
        output / "linked",
    ):
        with pytest.raises(ValueError, match="does not lie in"):
            remove(path, output)
    assert (tmp_path / "mine/seed-1/training.csv").exists()


def test_an_output_folder_that_is_a_link_is_pruned_where_it_leads(output: Path) -> None:
    output.rename("disk")
    output.symlink_to("disk")
    make(Path("disk/old/seed-1/training.csv"))
    ((path,),) = stale(experiment(output)).values()
    remove(path, output)
    assert not Path("disk/old").exists()
    assert Path("disk/cnn").exists()


def test_prune_lists_and_removes_only_on_request(
    output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("config.yaml").write_text(yaml.safe_dump(config(output=str(output))))
    Path("mine.yaml").write_text(yaml.safe_dump({"runs": ["cnn", "cnn_epoch_shuffle"]}))
    prune.main([])
    assert capsys.readouterr().out == (
        f"0 results in {output} that config.yaml no longer asks for.\n"
    )
    prune.main(["--configfile", "mine.yaml"])
    *listed, total, last = capsys.readouterr().out.splitlines()
    asked = {path for path in wanted(experiment(output)) if "softmax_regression" in path}
    figures = sum("/figures/" in path for path in asked)
    others = len(asked) - figures
    assert listed == [
        f"     {figures / 1000:.3f} MB in {figures:4} results: {output}/figures/softmax_regression-*.*",
        f"     {others / 1000:.3f} MB in {others:4} results: {output}/softmax_regression",
    ]
    assert total == (
        f"{len(asked)} results in {output} that config.yaml, mine.yaml no longer asks for."
    )
    assert last == "Nothing was removed; make prune REMOVE=yes removes them."
    assert (output / "softmax_regression").exists()
    locks = Path(".snakemake/locks")
    locks.mkdir(parents=True)
    (locks / "0.input.lock").touch()
    with pytest.raises(SystemExit, match="Snakemake is running here"):
        prune.main(["--configfile", "mine.yaml", "--remove"])
    (locks / "0.input.lock").unlink()
    prune.main(["--configfile", "mine.yaml", "--remove"])
    assert capsys.readouterr().out.splitlines()[-1] == f"{len(asked)} results were removed."
    assert not (output / "softmax_regression").exists()
    left = {str(path) for path in output.rglob("*") if path.is_file()}
    assert {path for path in left if "softmax" in path} == set()
    assert f"{output}/report.html" in left
    assert f"{output}/cnn/seed-1/training.csv" in left
    Path("mine.yaml").write_text("runs: [cn]")
    with pytest.raises(SystemExit, match="The config cannot be run:\nruns: 'cn'"):
        prune.main(["--configfile", "mine.yaml"])


@pytest.mark.slow
def test_every_result_of_a_run_is_known_and_none_is_stale(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    overlay = yaml.safe_load(Path("overlay.yaml").read_text())
    done = Experiment(merged(DEFAULT, overlay))
    asked = wanted(done)
    assert {path for path in asked if not Path(path).exists()} == set()
    assert stale(done) == {}
    shared = {
        "tables",
        "report.html",
        "noise_card.json",
        "claims.csv",
        "claim_components.csv",
        "calibration.csv",
        "control.csv",
    }
    covered = asked | {f"{done.paths.output}/{name}" for name in shared}
    covered |= {
        str(Path(path).with_name(f".{Path(path).name}.{what}"))
        for path in covered
        for what in ("kept", "crc32c")
    }
    files = [path for path in Path(done.paths.output).rglob("*") if path.is_file()]
    # Links to the files of layers bear a digest.
    names = {path: re.sub(r"\.[0-9a-f]{16}\.kept$", ".kept", str(path)) for path in files}
    unknown = [path for path in files if not {names[path], *map(str, path.parents)} & covered]
    assert unknown == []
    without = list(stale(Experiment(merged(DEFAULT, {**overlay, "runs": ["small"]}))))
    assert without == ["data/arrays.h5", "figures/own-*.*", "own/"]


def test_parts_of_another_division_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    thirds, halves = (Experiment(config(noise__shards=shards)) for shards in (3, 2))
    place = "results/cnn/seed-1/epoch-4"
    parts = {path for path in wanted(thirds) if "parts" in path and path.startswith(place)}
    assert f"{place}/gradients.parts/3-of-3" in parts
    assert len(parts) == 3 * (REPEATS + 1)
    for path in parts:
        (tmp_path / path).mkdir(parents=True)
    assert stale(thirds) == {}
    found = {str(path) for paths in stale(halves).values() for path in paths}
    assert found == parts
    assert not any("parts" in path for path in wanted(Experiment(DEFAULT)))
