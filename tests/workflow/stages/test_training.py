"""How networks are trained."""

import hashlib
import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from example_config import DEFAULT, edited, job
from fingerprint import canonical
from gradnoise.errors import InputError
from stages import training


def test_settings_do_not_depend_on_the_order_of_keys_but_on_their_values() -> None:
    reordered, swapped = deepcopy(DEFAULT), deepcopy(DEFAULT)
    reordered["training"] = dict(reversed(reordered["training"].items()))
    swapped["training"].update(learning_rate=0.9, momentum=0.05)
    settings = [canonical(training.settings(job(config=c))) for c in (DEFAULT, reordered, swapped)]
    assert settings[0] == settings[1] != settings[2]


def test_the_last_learning_rate_has_passed_the_milestones_before_the_end() -> None:
    run = job(config=edited("training.milestones", [1, 2, 9])).run
    assert run.sections.training.last_learning_rate == pytest.approx(0.05 * 0.1**2)


@pytest.mark.parametrize(("device", "gpus"), [("auto", 1), ("cuda", 1), ("cpu", 0), ("mps", 0)])
def test_a_gpu_is_asked_for_unless_the_config_says_otherwise(device: str, gpus: int) -> None:
    assert training.resources(job(config=edited("training.device", device))).gpu == gpus


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Two seeds' networks that somebody else trained."""
    for seed in (1, 2):
        for epoch in (0, 2, 4, 6):
            path = tmp_path / f"seed-{seed}" / f"epoch-{epoch}.pt"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{seed} {epoch}")
    return tmp_path


def measured(folder: Path, **changes: Any) -> dict[str, Any]:
    """The default config with networks that are trained already."""
    config = edited("training.path", str(folder))
    config["training"].update({"seeds": [1, 2], **changes})
    config["runs"] = ["cnn"]
    return config


def test_checkpoints_of_networks_trained_elsewhere_are_those_up_to_the_last_epoch(
    elsewhere: Path,
) -> None:
    section = job(config=measured(elsewhere)).run.sections.training
    assert section.saved_epochs == [0, 2, 4]
    section = job(config=measured(elsewhere, checkpoints=[4, 0])).run.sections.training
    assert section.saved_epochs == [0, 4]


@pytest.mark.parametrize(
    ("noise", "changes", "message"),
    [
        ([0, 3], {}, r"noise.checkpoints: epochs \[3\] are not saved; training.path \S+ has \[0, 2, 4\] up to .* = 4"),
        ([0, 6], {}, r"noise.checkpoints: found \[6\]; the last epoch is training.epochs = 4"),
        ([0, 2], {"checkpoints": [0, 4]}, r"\[2\] are not saved; add them to training.checkpoints"),
        ([0], {"checkpoints": [0, 1, 3]}, r"seed-1 has no checkpoint of epochs \[1, 3\]; found \[0, 2, 4, 6\]"),
        ([0, 5], {"epochs": 5}, r"epochs \[5\] are not saved; training.path"),
        ([0, 2], {"epochs": 5}, r"they start at the last epoch, training.epochs = 5, which is not saved"),
        ([0], {"seeds": [1, 2, 3]}, r"training: path: \S+seed-3: found nothing; expected the checkpoints of seed 3"),
        ([0], {"path": "nowhere"}, r"training: path: nowhere: found nothing; expected a folder"),
        ([0], {"path": "{x}"}, r"training.path: found '\{x\}'; accepted: a path without braces"),
    ],
)  # fmt: skip
def test_epochs_that_are_not_there_are_named_before_any_job(
    elsewhere: Path, noise: list[int], changes: dict[str, Any], message: str
) -> None:
    config = measured(elsewhere, **changes)
    config["noise"]["checkpoints"] = noise
    with pytest.raises(InputError, match=message) as raised:
        job(config=config)
    assert len(str(raised.value).splitlines()) == 1


def test_every_seed_needs_the_same_epochs(elsewhere: Path) -> None:
    (elsewhere / "seed-2/epoch-4.pt").unlink()
    with pytest.raises(InputError, match=r"seed-2 has no checkpoint of epochs \[4\]; found \[0, 2, 6\]"):  # fmt: skip
        job(config=measured(elsewhere))


def test_the_job_is_told_the_files_and_what_is_in_them(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "CHECKSUMS", elsewhere / "checksums")
    config = measured(elsewhere, checkpoints=[0, 4])

    def told() -> Any:
        return training.settings(job(config=config, seed=2))["pretrained"]

    first = told()
    assert first == {
        "folder": str(elsewhere / "seed-2"),
        "history": None,
        "checkpoints": {
            str(epoch): {
                "file": f"epoch-{epoch}.pt",
                "sha256": hashlib.sha256(f"2 {epoch}".encode()).hexdigest(),
            }
            for epoch in (0, 4)
        },
    }
    os.utime(elsewhere / "seed-2/epoch-4.pt")
    assert told() == first
    (elsewhere / "seed-2/epoch-2.pt").write_text("not asked for")
    (elsewhere / "seed-1/epoch-4.pt").write_text("another seed's")
    assert told() == first
    (elsewhere / "seed-2/epoch-4.pt").write_text("2 5")
    assert told() != first
    (elsewhere / "seed-2/training.csv").write_text("epoch\n")
    assert told()["history"]["file"] == "training.csv"


def test_a_checksum_is_computed_once_a_file(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "CHECKSUMS", elsewhere / "checksums")
    path = elsewhere / "seed-1/epoch-2.pt"
    found = training.checksum(path)
    monkeypatch.setattr(training.checkpoint_files, "sha256", lambda _: "computed")
    assert training.checksum(path) == found == hashlib.sha256(b"1 2").hexdigest()
    path.write_text("1 22")
    assert training.checksum(path) == "computed"


def test_what_is_trained_here_has_no_files_of_its_own() -> None:
    assert training.settings(job())["pretrained"] is None


def test_evaluating_checkpoints_takes_less_time_than_training(elsewhere: Path) -> None:
    config = measured(elsewhere, epochs=40_000, checkpoints=[0, 4])
    config["run_definitions"]["cnn"] = {}
    config["noise"]["checkpoints"] = [0]
    minutes = training.resources(job(config=config)).minutes
    config["training"]["path"] = None
    assert minutes < 20 < training.resources(job(config=config)).minutes
