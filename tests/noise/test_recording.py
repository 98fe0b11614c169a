"""The noise stage: what it stores, and that a kill at any moment changes nothing."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gradnoise.data import dataset as dataset_file
from gradnoise.data.samples import Samples, Source
from gradnoise.errors import InputError
from gradnoise.gradients import __main__ as gradients
from gradnoise.gradients import strategy as strategies
from gradnoise.model import factory
from gradnoise.model.checkpoints import save
from gradnoise.noise import __main__ as noise
from gradnoise.noise.minibatches import GradientSampler
from gradnoise.noise.sampling import sample_noise
from gradnoise.store.arrays import open_store
from toy_network import gradient, images, network, same


def stored(folder, strategy, **options):
    model, (inputs, targets) = network(options.pop("batch_norm", False)), images()
    arguments = {"directions": 6, "strategy": strategy, **options}
    return sample_noise(
        model,
        F.cross_entropy,
        inputs,
        targets,
        [4, 8],
        11,
        3,
        store=folder / "noise.zarr",
        **arguments,
    )


@pytest.mark.parametrize("strategy", ["per_sample", "per_batch"])
def test_store_holds_what_is_returned_without_one(tmp_path, strategy):
    group = stored(tmp_path, strategy, memory=20_000)
    model, (inputs, targets) = network(), images()
    noise = sample_noise(model, F.cross_entropy, inputs, targets, [4, 8], 11, 3, strategy=strategy)
    full = gradient(model, inputs, targets)
    for name, sizes in noise.items():
        assert group[name]["batch_size"][:].tolist() == [4, 8]
        for row, size in enumerate([4, 8]):
            assert np.array_equal(group[name]["noise"][row], sizes[size])
        assert same(group[name]["full_gradient"][:], full[name])
        assert group[name].attrs["size"] == full[name].size
    assert not list(tmp_path.glob(".*"))


def test_a_layer_larger_than_a_block_of_memory_is_stored_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("gradnoise.noise.store.CHUNK", 1)
    (tmp_path / "blocks").mkdir()
    whole = stored(tmp_path, "per_sample")
    blocks = stored(tmp_path / "blocks", "per_sample", memory=7600)
    noise = blocks["3.weight"]["noise"]
    assert (
        noise.shards[-1] == 20
    )  # the fifth holds 1 of the 81 coordinates, in one of its two chunks
    assert noise.chunks[-1] == 10
    assert np.array_equal(noise[:], whole["3.weight"]["noise"][:])


def test_both_ways_store_the_same_noise_along_directions(tmp_path):
    for strategy in ("per_sample", "per_batch"):
        (tmp_path / strategy).mkdir()
    one, other = (stored(tmp_path / way, way) for way in ("per_sample", "per_batch"))
    for name, group in one.groups():
        for array in ("noise", "noise_along_directions", "full_gradient_along_directions"):
            assert np.allclose(group[array][:], other[name][array][:], rtol=1e-4, atol=1e-6)


def test_disk_that_does_not_suffice_is_said_before_the_first_gradient(tmp_path, monkeypatch):
    monkeypatch.setattr(strategies.shutil, "disk_usage", lambda path: SimpleNamespace(free=100))
    monkeypatch.setattr(
        GradientSampler, "full_gradient", lambda self: pytest.fail("computed a gradient")
    )
    with pytest.raises(InputError, match=r"the noise needs .* GB of disk"):
        stored(tmp_path, "per_batch")


@pytest.mark.parametrize("share", [0.99, 1.01, 1.99, 2.01])
def test_noise_whose_mean_is_known_late_is_on_disk_twice(tmp_path, monkeypatch, share):
    """Raw gradients lie beside the noise while their mean is taken off; other noise is written once."""
    width = sum(parameter.numel() + 6 for parameter in network().parameters())
    free = SimpleNamespace(free=share * 4 * 2 * 11 * width)
    monkeypatch.setattr(strategies.shutil, "disk_usage", lambda path: free)
    model, (inputs, targets) = network(), images()
    for augment, times in ((False, 1), (True, 2)):
        arguments = {"directions": 6, "strategy": "per_batch", "augment": augment}
        arguments["store"] = tmp_path / f"{times}.zarr"
        call = (model, F.cross_entropy, inputs, targets, [4, 8], 11, 3)
        if share < times:
            with pytest.raises(InputError, match=r"the noise needs .* GB of disk"):
                sample_noise(*call, **arguments)
        else:
            sample_noise(*call, **arguments)


def test_noise_of_drawn_crops_is_about_the_mean_of_its_own_batches(tmp_path):
    """Of every batch size and direction, in float64 over all 11 batches."""
    group = stored(tmp_path, "per_batch", augment=True)
    raw = sample_noise(
        *(network(), F.cross_entropy, *images(), [4, 8], 11, 3),
        **{"strategy": "per_batch", "augment": True},
    )
    for name in group.group_keys():
        noise = group[name]["noise"][:].astype(np.float64)
        assert np.abs(noise.mean(axis=1)).max() < 1e-6 * np.abs(noise).max()
        full = group[name]["full_gradient"][:]
        assert full.shape == (2, noise.shape[2])
        assert not same(full[0], full[1])
        for row, size in enumerate([4, 8]):
            assert same(noise[row], raw[name][size])


# The stage


SETTINGS = {
    "model": {"name": "mlp", "arguments": {"hidden_features": [7]}},
    "loss": "cross_entropy",
    "seed": 4,
    "epoch": 0,
    "parameters": ["linear1.weight", "linear2.weight", "linear2.bias"],
    "coordinates": 20,
    "directions": 5,
    "batch_norm_mode": "eval",
    "augment": False,
    "strategy": "per_sample",
    "device": "cpu",
    "torch_threads": 1,
    "memory": 12_000,
}
DRAWN = {"batch_sizes": [3, 8, 16], "batches": 23, "sampling": "epoch_shuffle", "repeat": 2}

KILLED = """
import os, signal, sys
from gradnoise.noise import __main__ as noise
from gradnoise.store import work_area as store

finish, left = store.WorkArea.finish, int(sys.argv.pop())

def die_at_last(work, part):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)  # written, but not yet recorded
    finish(work, part)

store.WorkArea.finish = die_at_last
noise.main()
"""

TORCH_FREE = """
import sys
from gradnoise.noise import __main__ as noise
noise.main()
assert not {"torch", "scipy.stats", "pandas"} & set(sys.modules)
"""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A data set, a model's checkpoint, and the gradients stage's answer both ways."""
    folder = tmp_path_factory.mktemp("stage")
    random = np.random.default_rng(0)
    train, test = (
        Samples(random.standard_normal((n, 1, 4, 4)).astype(np.float32), random.integers(0, 3, n))
        for n in (50, 9)
    )
    source = Source("test", train, test, "classification", ("a", "b", "c"))
    dataset_file.write(folder / "data.h5", source, "arrays")
    model = factory.build(SETTINGS["model"], (1, 4, 4), 3, seed=4)
    save(folder / "epoch-0.safetensors", model, {})
    for strategy in ("per_sample", "per_batch"):
        run(gradients, folder, {"strategy": strategy}, output=f"{strategy}.zarr")
    return folder


def command(folder, changes, output, **inputs):
    settings = {**SETTINGS, **changes}
    paths = {"data": "data.h5", "checkpoints": ".", **inputs, "output": output}
    options = [text for name, path in paths.items() for text in (f"--{name}", str(folder / path))]
    return ["--settings", json.dumps(settings), *options]


def run(stage, folder, changes, output, **inputs):
    """The stage's program, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["stage", *command(folder, changes, output, **inputs)])
        stage.main()


def sample(folder, strategy, output, changes=None):
    run(noise, folder, {**DRAWN, **(changes or {})}, output, gradients=f"{strategy}.zarr")
    return open_store(folder / output)


def contents(path: Path):
    """Checksum of every file below a folder, by name."""
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in path.rglob("*")
        if file.is_file()
    }


def test_both_ways_of_the_stage_store_the_same_noise(checkpoint):
    drawn = sample(checkpoint, "per_sample", "drawn.zarr")
    computed = sample(checkpoint, "per_batch", "computed.zarr")
    assert sorted(drawn.group_keys()) == sorted(SETTINGS["parameters"])
    for name, group in drawn.groups():
        assert group.attrs.asdict() == computed[name].attrs.asdict()
        for array in (
            "coordinate",
            "batch_size",
            "noise",
            "noise_along_directions",
            "full_gradient",
        ):
            assert np.allclose(group[array][:], computed[name][array][:], rtol=1e-4, atol=1e-6)
    assert drawn.attrs["strategy"] == "per_sample"
    assert computed.attrs["strategy"] == "per_batch"
    for store in (drawn, computed):
        assert {key: store.attrs[key] for key in DRAWN} == DRAWN
        assert store.attrs["epoch"] == 0
        assert store.attrs["dataset_checksum"]
    assert drawn["linear1.weight"].attrs["size"] == 7 * 16


def test_drawing_from_stored_gradients_imports_no_torch(checkpoint):
    arguments = command(checkpoint, DRAWN, "free.zarr", gradients="per_sample.zarr")
    subprocess.run([sys.executable, "-c", TORCH_FREE, *arguments], check=True)
    assert contents(checkpoint / "free.zarr") == contents_of(checkpoint, "per_sample", "whole.zarr")


def contents_of(folder, strategy, output, changes=None):
    sample(folder, strategy, output, changes)
    return contents(folder / output)


@pytest.mark.parametrize(
    ("strategy", "changes"),
    [("per_sample", {}), ("per_batch", {}), ("per_batch", {"augment": True})],
)
@pytest.mark.parametrize("sampling", ["with_replacement", "epoch_shuffle"])
def test_three_jobs_write_the_store_that_one_would(
    checkpoint, tmp_path, monkeypatch, strategy, changes, sampling
):
    """Each a third of the work, give or take a block; every file of the noise is one job's."""
    monkeypatch.setattr("gradnoise.noise.recording.BLOCK", 9000)
    monkeypatch.setattr("gradnoise.noise.store.ROWS", 4)
    changes = {**DRAWN, **changes, "sampling": sampling}
    name = f"{strategy}-{sampling}-{len(changes)}"
    alone = contents_of(checkpoint, strategy, f"alone-{name}.zarr", changes)
    passes, chunks, parts = count_passes(monkeypatch), [], []
    for number in (1, 2, 3):
        part = f"{name}.parts/{number}-of-3"
        given = {**changes, "part": [number, 3]}
        run(noise, checkpoint, given, part, gradients=f"{strategy}.zarr")
        stored = contents(checkpoint / part)
        chunks.append({file for file in stored if "/noise" in file and "/c/" in file})
        parts += ["--parts"] * (number == 1) + [str(checkpoint / part)]
    done = len(passes)
    arguments = command(checkpoint, changes, f"joined-{name}.zarr", gradients=f"{strategy}.zarr")
    monkeypatch.setattr(sys, "argv", ["stage", *arguments, *parts])
    noise.main()
    assert contents(checkpoint / f"joined-{name}.zarr") == alone
    assert len(passes) == done  # nothing is computed again
    assert sum(map(len, chunks)) == len(set.union(*chunks))
    assert min(map(len, chunks)) > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("strategy", "changes", "parts"),
    [
        ("per_sample", {}, 2),
        ("per_batch", {}, 5),
        ("per_batch", {"augment": True}, 7),
    ],
)
def test_a_killed_stage_resumes_to_the_same_bytes(
    checkpoint, monkeypatch, strategy, changes, parts
):
    changes = {**DRAWN, **changes}
    output = f"killed-{strategy}-{len(changes)}.zarr"
    arguments = command(checkpoint, changes, output, gradients=f"{strategy}.zarr")
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments, str(parts)], check=False)
    assert killed.returncode == -9
    assert not (checkpoint / output).exists()
    leftover = checkpoint / f".{output}.work" / "content" / "noise.zarr" / "0.1f.partial"
    leftover.write_bytes(b"cut")
    passes = count_passes(monkeypatch)
    resumed = contents_of(checkpoint, strategy, output, changes)
    first, passes[:] = len(passes), []
    assert resumed == contents_of(checkpoint, strategy, f"whole-{output}", changes)
    assert first < len(passes) or strategy == "per_sample"


def count_passes(monkeypatch):
    passes, gradient = [], GradientSampler.gradient

    def counted(self, inputs, targets):
        passes.append(len(inputs))
        return gradient(self, inputs, targets)

    monkeypatch.setattr(GradientSampler, "gradient", counted)
    return passes


def test_batches_that_are_normalised_together_go_through_the_model_whole(tmp_path):
    """In train mode a batch of 8 is no mean of two of 4: as `sample_noise` has it, of the same model and batches."""
    random = np.random.default_rng(1)
    train = random.gamma(1.0, size=(40, 1, 8, 8)).astype(np.float32)
    samples = Samples(train, np.arange(40) % 3)
    source = Source("test", samples, samples, "classification", ("a", "b", "c"))
    dataset_file.write(tmp_path / "data.h5", source, "arrays")
    section = {"name": "cnn", "arguments": {"batch_norm": True, "hidden_features": 4}}
    model = factory.build(section, (1, 8, 8), 3, seed=4)
    save(tmp_path / "epoch-0.safetensors", model, {})
    changes = {"model": section, "batch_norm_mode": "train", "strategy": "auto"}
    changes |= {"parameters": ["conv1.weight", "linear1.weight"]}
    run(gradients, tmp_path, changes, output="gradients.zarr")
    drawn = {"batch_sizes": [4, 8], "batches": 6, "sampling": "with_replacement", "repeat": 2}
    run(noise, tmp_path, changes | drawn, "noise.zarr", gradients="gradients.zarr")
    store = open_store(tmp_path / "noise.zarr")
    data = dataset_file.load(tmp_path / "data.h5")
    given = map(torch.from_numpy, (data.train_inputs, data.train_targets))
    how = {"coordinates": 20, "repeat": 2}
    expected = sample_noise(model.train(), F.cross_entropy, *given, [4, 8], 6, 4, **how)
    for name in changes["parameters"]:
        for row, size in enumerate([4, 8]):
            assert same(store[name]["noise"][row], expected[name][size])
