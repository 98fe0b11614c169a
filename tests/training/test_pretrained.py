import csv
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from safetensors import safe_open

from example_training import HYPERPARAMETERS
from gradnoise.data import dataset
from gradnoise.data.samples import Samples, Source
from gradnoise.errors import InputError
from gradnoise.model import factory
from gradnoise.training import pretrained
from gradnoise.training.__main__ import main
from gradnoise.training.checkpoint_files import find, sha256

MODEL = {"name": "cnn", "arguments": {"batch_norm": True, "hidden_features": 8}}
EPOCHS = 3


def source(seed=1, samples=96):
    """Four classes of images whose brightness tells them."""
    random = np.random.default_rng(seed)
    targets = np.arange(samples) % 4
    images = random.integers(0, 60, (samples, 1, 8, 8)) + 45 * targets[:, None, None, None]
    train = Samples(images.astype(np.uint8), targets)
    test = Samples(images[: samples // 2].astype(np.uint8), targets[: samples // 2])
    return Source("bars", train, test, "classification", ("a", "b", "c", "d"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A network trained by the stage itself for three epochs, with its data."""
    folder = tmp_path_factory.mktemp("trained")
    dataset.write(folder / "data.h5", source(), "arrays")
    run(folder, folder / "network", None)
    return folder


def settings(files, **changes):
    how = {**HYPERPARAMETERS, "epochs": EPOCHS, "milestones": [1], **changes}
    described = files and files.description(files.checkpoints, sha256)
    return {"model": MODEL, "training": how, "seed": 3, "pretrained": described}


def command(folder, output, files, **changes):
    return [
        *("--settings", json.dumps(settings(files, **changes)), "--data", str(folder / "data.h5")),
        *("--checkpoints", str(output / "checkpoints"), "--output", str(output / "training.csv")),
    ]


def run(folder, output, files, **changes):
    """The training stage, in this process."""
    given, sys.argv = sys.argv, ["training", *command(folder, output, files, **changes)]
    try:
        main()
    finally:
        sys.argv = given


def rows(folder):
    with (folder / "training.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def state(path):
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def weights(trained, epoch):
    return state(trained / f"network/checkpoints/epoch-{epoch}.safetensors")


@pytest.fixture
def own(trained, tmp_path):
    """What somebody else would have of the same network: `.pt` files, and no history."""
    folder = tmp_path / "own"
    folder.mkdir()
    for epoch in (1, 3):
        kept = {f"module.{name}": tensor for name, tensor in weights(trained, epoch).items()}
        torch.save({"state_dict": kept, "epoch": epoch}, folder / f"epoch-{epoch}.pt")
    return folder


def test_a_network_of_ours_is_taken_over_with_its_history(trained, tmp_path):
    run(trained, tmp_path, find(trained / "network", 3, [3]))
    assert (tmp_path / "training.csv").read_bytes() == (
        trained / "network/training.csv"
    ).read_bytes()
    for epoch in range(EPOCHS + 1):
        found = state(tmp_path / f"checkpoints/epoch-{epoch}.safetensors")
        assert found.keys() == weights(trained, epoch).keys()
        assert all(torch.equal(found[name], weights(trained, epoch)[name]) for name in found)
    assert sorted(path.name for path in tmp_path.glob("[!.]*")) == ["checkpoints", "training.csv"]


def test_without_a_history_the_checkpoints_tell_what_they_can(trained, own, tmp_path):
    run(trained, tmp_path, find(own, 3, [3]))
    known = {row["epoch"]: row for row in rows(trained / "network")}
    found = rows(tmp_path)
    assert [row["epoch"] for row in found] == ["1", "3"]
    for row in found:
        expected = known[row["epoch"]]
        assert list(row) == list(expected)
        assert row == expected | {"gradient_norm": ""}
    assert [float(row["learning_rate"]) for row in found] == pytest.approx([0.1, 0.01])
    accuracies = {(row["train_accuracy"], row["test_accuracy"]) for row in found}
    assert len(accuracies) == 2
    with safe_open(tmp_path / "checkpoints/epoch-3.safetensors", "pt") as file:
        told = json.loads(file.metadata()["gradnoise"])
    assert told == {
        "epoch": 3,
        "seed": 3,
        "model": MODEL,
        "sha256": hashlib.sha256((own / "epoch-3.pt").read_bytes()).hexdigest(),
    }


def test_a_checkpoint_of_another_model_is_refused_before_anything_is_computed(
    trained, own, tmp_path, monkeypatch
):
    other = factory.build({"name": "linear"}, (1, 8, 8), 4, seed=1)
    torch.save(other.state_dict(), own / "epoch-9.pt")
    monkeypatch.setattr(pretrained, "evaluate", None)
    with pytest.raises(InputError, match=r"epoch-9.pt: this checkpoint is another model's: no"):
        run(trained, tmp_path / "out", find(own, 3, [3]))


def test_a_file_that_changes_after_planning_is_refused(trained, own, tmp_path):
    files = find(own, 3, [3])
    arguments = command(trained, tmp_path / "out", files)
    shutil.copy(own / "epoch-1.pt", own / "epoch-3.pt")
    for message in ("has changed", "has gone"):
        sys_argv, sys.argv = sys.argv, ["training", *arguments]
        try:
            with pytest.raises(InputError, match=rf"epoch-3.pt: this file {message}"):
                main()
        finally:
            sys.argv = sys_argv
        (own / "epoch-3.pt").unlink(missing_ok=True)


def copy_with_history(trained, folder, edit):
    """Our network, its history edited row by row."""
    shutil.copytree(trained / "network", folder)
    edited = [edit(dict(row)) for row in rows(folder)]
    with (folder / "training.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [name for name in edited[-1]])  # noqa: C416
        writer.writeheader()
        writer.writerows(row for row in edited if row["epoch"] != "skip")
    return find(folder, 3, [3])


def changed(at, /, **values):
    return lambda row: (
        row
        | ({name: value(row[name]) for name, value in values.items()} if row["epoch"] == at else {})
    )


@pytest.mark.parametrize(
    ("factor", "accepted"), [(1.04, True), (1.06, False), (0.96, True), (0.94, False)]
)
def test_a_history_is_held_against_the_weights(trained, tmp_path, factor, accepted):
    edit = changed("2", test_loss=lambda loss: float(loss) * factor)
    files = copy_with_history(trained, tmp_path / "network", edit)
    if accepted:
        run(trained, tmp_path / "out", files)
        return
    with pytest.raises(InputError, match=r"test_loss .* after epoch 2, but this checkpoint gives"):
        run(trained, tmp_path / "out", files)
    assert not (tmp_path / "out/training.csv").exists()


def test_inputs_scaled_otherwise_are_noticed(trained, tmp_path):
    folder = tmp_path / "unscaled"
    folder.mkdir()
    raw = source()
    dataset.write(folder / "data.h5", raw.__class__(**{**vars(raw), "normalise": False}), "arrays")
    with pytest.raises(InputError, match=r"data.standardise"):
        run(folder, tmp_path / "out", find(trained / "network", 3, [3]))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda row: {k: v for k, v in row.items() if k != "test_loss"}, "no column test_loss"),
        (changed("1", epoch=lambda _: "skip"), r"found no epoch 1; expected a line for every"),
        (changed("1", test_loss=lambda _: "low"), r"a cell that is no number .*low"),
        (changed("1", epoch=lambda _: "2"), r"found no epoch 1"),
    ],
)
def test_a_history_of_another_kind_is_one_line(trained, tmp_path, edit, message):
    files = copy_with_history(trained, tmp_path / "network", edit)
    with pytest.raises(InputError, match=message):
        run(trained, tmp_path / "out", files)


def test_a_history_tells_an_epoch_once(trained, tmp_path):
    files = copy_with_history(trained, tmp_path / "network", lambda row: row)
    path = tmp_path / "network/training.csv"
    path.write_text(path.read_text() + path.read_text().splitlines()[-1] + "\n")
    files = find(files.folder, 3, [3])
    with pytest.raises(InputError, match="an epoch twice"):
        run(trained, tmp_path / "out", files)


@pytest.mark.slow
def test_a_killed_job_resumes_and_ends_bit_identical(trained, own, tmp_path):
    for epoch in range(4, 40):
        shutil.copy(own / "epoch-3.pt", own / f"epoch-{epoch}.pt")
    files = find(own, 3, [3])
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    saved = killed / ".checkpoints.work/content/rows.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "gradnoise.training", *command(trained, killed, files)]
    )
    while not saved.exists():
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    assert 0 < len(json.loads(saved.read_text())) < 38
    assert not (killed / "checkpoints").exists()
    run(trained, killed, files)
    run(trained, whole, files)
    published = [whole / "training.csv", *(whole / "checkpoints").glob("[!.]*")]
    names = sorted(path.relative_to(whole) for path in published)
    assert len(names) == 38 + 1
    for name in names:
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name


def test_a_resumed_job_evaluates_no_checkpoint_again(trained, own, tmp_path, monkeypatch):
    seen = []
    evaluate = pretrained.evaluate

    def interrupted(*arguments):
        seen.append(1)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return evaluate(*arguments)

    monkeypatch.setattr(pretrained, "evaluate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(trained, tmp_path / "out", find(own, 3, [3]))
    # Of four evaluations two were done and one was cut: both of the second checkpoint are left.
    run(trained, tmp_path / "out", find(own, 3, [3]))
    assert len(seen) == 3 + 2
    assert [row["epoch"] for row in rows(tmp_path / "out")] == ["1", "3"]
