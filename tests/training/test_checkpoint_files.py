import hashlib

import pytest

from gradnoise.errors import InputError
from gradnoise.training.checkpoint_files import find, sha256


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


@pytest.mark.parametrize(
    ("name", "epoch"),
    [
        ("epoch-10.pt", 10),
        ("epoch_10.pth", 10),
        ("Epoch10.safetensors", 10),
        ("7.pt", 7),
        ("007.safetensors", 7),
        ("checkpoint-12.pt", 12),
        ("ckpt_12.pt", 12),
        ("resnet20_epoch_3.pth", 3),
        ("net-epoch=3-step=4000.pt", 3),
        ("epoch-5/model.pt", 5),
        ("checkpoints/epoch-6.safetensors", 6),
        ("checkpoints/8/weights.pth", 8),
    ],
)
def test_a_checkpoint_is_known_by_the_epoch_in_its_name(tmp_path, name, epoch):
    write(tmp_path, name)
    assert find(tmp_path, 1, [1]).checkpoints == {epoch: tmp_path / name}


@pytest.mark.parametrize(
    "name", ["resnet20.pt", "best.pt", "epoch-1.npz", ".epoch-1.pt", "a/b/epoch-1.pt", "lr0.1.pt"]
)
def test_other_names_are_no_checkpoints(tmp_path, name):
    write(tmp_path, name)
    with pytest.raises(InputError, match=r"expected files named by epoch: epoch-10.pt"):
        find(tmp_path, 1, [1])
    write(tmp_path, "epoch-2.pt")
    assert list(find(tmp_path, 1, [1]).checkpoints) == [2]


def test_epochs_are_in_their_order_and_the_history_is_found(tmp_path):
    write(tmp_path, "checkpoints/10.pt", "checkpoints/9.pt", "checkpoints/100.pt", "training.csv")
    found = find(tmp_path, 4, [4])
    assert list(found.checkpoints) == [9, 10, 100]
    assert (found.folder, found.history) == (tmp_path, tmp_path / "training.csv")
    (tmp_path / "training.csv").unlink()
    assert find(tmp_path, 4, [4]).history is None


def test_an_epoch_has_one_file(tmp_path):
    write(tmp_path, "epoch-1.pt", "checkpoints/epoch-01.safetensors")
    message = r"epoch-1.pt and checkpoints/epoch-01.safetensors are both of epoch 1"
    with pytest.raises(InputError, match=message):
        find(tmp_path, 1, [1])


def test_seeds_have_folders_of_their_own(tmp_path):
    write(tmp_path, "seed-1/epoch-1.pt", "seed-2/epoch-2.pt", "seed-2/training.csv")
    assert list(find(tmp_path, 1, [1, 2]).checkpoints) == [1]
    second = find(tmp_path, 2, [1, 2])
    assert (list(second.checkpoints), second.history) == ([2], tmp_path / "seed-2/training.csv")
    assert list(find(tmp_path, 2, [2]).checkpoints) == [2]
    for seeds in ([3], [1, 2, 3]):
        with pytest.raises(InputError, match=r"seed-3: found nothing; .* of seed 3"):
            find(tmp_path, 3, seeds)


def test_several_seeds_share_no_folder(tmp_path):
    write(tmp_path, "epoch-1.pt")
    with pytest.raises(InputError, match=r"seed-1: found nothing"):
        find(tmp_path, 1, [1, 2])


def test_a_path_that_is_no_folder_is_named(tmp_path):
    write(tmp_path, "epoch-1.pt")
    with pytest.raises(InputError, match=r"epoch-1.pt: found a file; expected a folder"):
        find(tmp_path / "epoch-1.pt", 1, [1])
    with pytest.raises(InputError, match=r"elsewhere: found nothing; expected a folder"):
        find(tmp_path / "elsewhere", 1, [1])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: found nothing; expected files named by epoch"):
        find(tmp_path / "empty", 1, [1])


def test_the_description_holds_the_files_asked_for_with_their_checksums(tmp_path):
    write(tmp_path, "epoch-1/a.pt", "epoch-2.pt", "epoch-3.pt", "training.csv")
    found = find(tmp_path, 1, [1]).description([1, 3], sha256)

    def entry(name):
        return {"file": name, "sha256": hashlib.sha256(name.encode()).hexdigest()}

    assert found == {
        "folder": str(tmp_path),
        "checkpoints": {"1": entry("epoch-1/a.pt"), "3": entry("epoch-3.pt")},
        "history": entry("training.csv"),
    }
