"""The data stage: every source, every check, one file."""

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from gradnoise.data import catalogue, dataset, samples, synthetic
from gradnoise.data.dataset import Dataset, load, write
from gradnoise.data.public_sets import PUBLIC_SETS, PublicSet
from gradnoise.errors import InputError

RANDOM = np.random.default_rng(0)


def images(count: int, classes: int = 3, shape: tuple[int, ...] = (1, 8, 8)) -> samples.Samples:
    inputs = RANDOM.integers(0, 256, (count, *shape), dtype=np.uint8)
    return samples.Samples(inputs, np.arange(count) % classes)


def save(path: Path, **arrays: np.ndarray) -> dict:
    """Save arrays as .npz or flat HDF5; the settings that read them."""
    if path.suffix == ".npz":
        np.savez_compressed(path, **arrays)
    else:
        with h5py.File(path, "w") as file:
            for name, values in arrays.items():
                file[name] = values
    return {"dataset": "arrays", "path": str(path)}


def publish(settings: dict, path: Path) -> Dataset:
    write(path, catalogue.read(settings), settings.get("dataset", "fashion_mnist_subset"))
    return load(path)


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def collection(grey: bool = False, size: tuple[int, int] = (8, 9)) -> dict[str, bytes]:
    """Files of a small image collection, two classes."""
    files = {"README.txt": b"not an image"}
    for split, count in (("train", 6), ("test", 2)):
        for name in ("cat", "dog"):
            for number in range(count):
                shape = size if grey else (*size, 3)
                pixels = RANDOM.integers(0, 256, shape, dtype=np.uint8)
                files[f"{split}/{name}/{number}.png"] = encoded(pixels)
    return files


def unpack(files: dict[str, bytes], folder: Path) -> dict:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return {"dataset": "image_folder", "path": str(folder)}


def pack(files: dict[str, bytes], path: Path, compression: str, top: str = "") -> dict:
    with tarfile.open(path, f"w:{compression}") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(top + name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return {"dataset": "image_folder", "path": str(path)}


# --- the default ---------------------------------------------------------------------------------


def test_default_is_the_balanced_subset_that_comes_along(tmp_path):
    data = publish({}, tmp_path / "x.h5")
    assert data.train_inputs.shape == (10_000, 1, 28, 28)
    assert data.test_inputs.shape == (2_000, 1, 28, 28)
    assert (np.bincount(data.train_targets) == 1_000).all()
    assert (np.bincount(data.test_targets) == 200).all()
    assert data.classes[9] == "Ankle boot"
    assert data.train_inputs.dtype == np.float32
    assert data.train_targets.dtype == np.int64
    assert abs(data.train_inputs.mean()) < 1e-5
    assert data.train_inputs.std() == pytest.approx(1, abs=1e-5)
    described = catalogue.describe({})
    assert described == catalogue.Description((1, 28, 28), 10, 10_000)
    assert data.input_shape == described.input_shape


def test_published_subset_in_another_state_is_refused(tmp_path):
    copy = tmp_path / "subset.h5"
    content = bytearray(catalogue.input_files({})[0].read_bytes())
    content[1_000_000] ^= 1
    copy.write_bytes(content)
    with pytest.raises(InputError, match=r"subset.h5: found SHA-256 .* expected"):
        catalogue.read({"path": str(copy)})


def test_import_is_light():
    program = (
        "import sys, gradnoise.data.catalogue as d; d.describe({}); "
        "print([m for m in ('torch', 'PIL', 'pandas', 'scipy.stats', 'torchvision') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


# --- the file ------------------------------------------------------------------------------------


def test_stage_publishes_the_same_bytes_again(tmp_path):
    settings = json.dumps({"dataset": "logistic_regression", "synthetic": {"outputs": 3}})
    for name in ("a.h5", "b.h5"):
        command = [sys.executable, "-m", "gradnoise.data", "--settings", settings]
        subprocess.run([*command, "--output", tmp_path / name], check=True, capture_output=True)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a.h5", "b.h5"}


def test_stage_ends_with_one_message_and_no_file(tmp_path):
    settings = json.dumps({"dataset": "arrays", "path": "missing.npz"})
    command = [sys.executable, "-m", "gradnoise.data", "--settings", settings]
    run = subprocess.run(
        [*command, "--output", tmp_path / "x.h5"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert run.stderr.startswith("error: missing.npz: found no such file; expected .npz or HDF5")
    assert not list(tmp_path.iterdir())


def test_images_are_normalised_per_channel(tmp_path):
    part = images(60, shape=(3, 8, 8))
    settings = save(tmp_path / "x.npz", inputs=part.inputs, targets=part.targets)
    data = publish(settings | {"test_fraction": 0.5}, tmp_path / "x.h5")
    scaled = data.train_inputs * data.standard_deviation[:, None, None] + data.mean[:, None, None]
    kept = {image.tobytes() for image in part.inputs}
    assert {image.tobytes() for image in np.rint(scaled * 255).astype(np.uint8)} <= kept
    np.testing.assert_allclose(data.mean, scaled.mean(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(data.standard_deviation, scaled.std(axis=(0, 2, 3)), rtol=1e-6)


def test_features_are_normalised_each_and_constant_ones_become_zero(tmp_path):
    inputs = RANDOM.normal(5, 3, (40, 4)) * [1, 10, 1e6, 0] + [0, 0, 1e6, 7]
    settings = save(tmp_path / "x.npz", inputs=inputs, targets=np.arange(40) % 2)
    data = publish(settings, tmp_path / "x.h5")
    np.testing.assert_allclose(data.train_inputs.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(data.train_inputs.std(axis=0), [1, 1, 1, 0], atol=1e-6)


def test_more_features_than_a_plain_attribute_can_hold(tmp_path):
    settings = save(tmp_path / "x.npz", inputs=np.ones((4, 20_000)), targets=np.array([0, 1, 0, 1]))
    assert publish(settings | {"test_fraction": 0.5}, tmp_path / "x.h5").mean.shape == (20_000,)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.999])
def test_truncated_file_is_refused(tmp_path, share):
    publish({"dataset": "linear_regression"}, path := tmp_path / "x.h5")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"x.h5: expected a data set .* damaged"):
        load(path)


def test_altered_sample_is_refused(tmp_path):
    publish({"dataset": "linear_regression"}, path := tmp_path / "x.h5")
    with h5py.File(path, "r+") as file:
        file["train/targets"][17] += 1e-6
    with pytest.raises(InputError, match=r"x.h5: found checksums .* the file was altered"):
        load(path)


@pytest.mark.parametrize("what", ["mean", "outputs", "parameters"])
def test_altered_record_is_refused(tmp_path, what):
    publish({"dataset": "linear_regression"}, path := tmp_path / "x.h5")
    with h5py.File(path, "r+") as file:
        if what == "parameters":
            file[what][0] += 1
        else:
            file.attrs[what] = file.attrs[what] + 1
    with pytest.raises(InputError, match="the file was altered"):
        load(path)


def test_another_file_is_refused(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["something"] = 1
    with pytest.raises(InputError, match="expected a data set"):
        load(tmp_path / "x.h5")
    with pytest.raises(InputError, match="found no such file"):
        load(tmp_path / "y.h5")


# --- arrays --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_arrays_with_and_without_test_split(tmp_path, suffix):
    train, test = images(30), images(9)
    path = tmp_path / f"x{suffix}"
    settings = save(path, inputs=train.inputs, targets=train.targets)
    data = publish(settings | {"test_fraction": 0.2}, tmp_path / "out.h5")
    assert np.bincount(data.train_targets).tolist() == [8, 8, 8]
    assert np.bincount(data.test_targets).tolist() == [2, 2, 2]
    assert catalogue.describe(settings) == catalogue.Description((1, 8, 8), 3, 24)

    given = {"test_inputs": test.inputs, "test_targets": test.targets}
    settings = save(path, inputs=train.inputs, targets=train.targets, **given)
    data = publish(settings, tmp_path / "out.h5")
    assert (len(data.train_targets), len(data.test_targets)) == (30, 9)
    assert catalogue.describe(settings) == catalogue.Description((1, 8, 8), 3, 30)
    assert catalogue.input_files(settings) == [path]


def test_the_stage_reads_what_it_wrote(tmp_path):
    first = publish({"subset": 100}, tmp_path / "a.h5")
    settings = {"dataset": "arrays", "path": str(tmp_path / "a.h5")}
    again = publish(settings, tmp_path / "b.h5")
    assert again.checksum == first.checksum
    assert again.classes == first.classes
    assert catalogue.describe(settings) == catalogue.Description((1, 28, 28), 10, 100)


@pytest.mark.parametrize(
    ("shape", "stored"),
    [((8, 9), (1, 8, 9)), ((3, 8, 9), (3, 8, 9)), ((8, 9, 3), (3, 8, 9)), ((3, 8, 3), (3, 8, 3))],
)
def test_image_layouts(tmp_path, shape, stored):
    part = images(12, shape=shape)
    settings = save(tmp_path / "x.npz", inputs=part.inputs, targets=part.targets)
    source = catalogue.read(settings)
    assert source.train.inputs.shape[1:] == stored
    assert catalogue.describe(settings).input_shape == stored
    if stored != shape and len(shape) == 3:
        assert source.train.inputs[0].transpose(1, 2, 0).tobytes() in part.inputs.tobytes()


def test_regression_targets_get_an_outputs_axis(tmp_path):
    settings = save(tmp_path / "x.h5", inputs=np.ones((10, 2)), targets=np.arange(10))
    data = publish(settings | {"task": "regression"}, tmp_path / "out.h5")
    assert (data.train_targets.shape, data.train_targets.dtype) == ((8, 1), np.float32)
    assert (data.outputs, data.classes) == (1, ())
    described = catalogue.describe(settings | {"task": "regression"})
    assert described == catalogue.Description((2,), 1, 8)


def faulty(**changes: np.ndarray | None) -> dict[str, np.ndarray]:
    arrays = {"inputs": np.ones((12, 3)), "targets": np.arange(12) % 3}
    arrays |= {"test_inputs": np.ones((6, 3)), "test_targets": np.arange(6) % 3}
    return {name: values for name, values in (arrays | changes).items() if values is not None}


def with_value(value: float) -> np.ndarray:
    inputs = np.ones((12, 3))
    inputs[4, 2] = value
    return inputs


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"targets": None}, "no targets; expected inputs, targets"),
        ({"test_targets": None}, "no test_targets; expected"),
        ({"inputs": np.ones(12)}, r"found .*shape \(12,\).*; expected \(samples, features, ...\)"),
        ({"inputs": np.ones((12, 0))}, "none of them 0"),
        ({"targets": np.arange(11) % 3}, "found 12 inputs and 11 targets"),
        ({"targets": np.ones((12, 2), int)}, r"found int64 of shape \(12, 2\); expected integer"),
        ({"targets": np.arange(12) / 2}, "found float64 .* expected integer class labels"),
        ({"targets": np.arange(12) % 3 - 1}, "found label -1 at sample 0 .* expected 0 to"),
        ({"test_targets": np.arange(6)}, "test targets: found label 3 at sample 3 .* 0 to 2"),
        ({"targets": np.array([0, 2] * 6)}, "no training sample of class 1 .* each of the 3"),
        ({"targets": np.zeros(12, int), "test_targets": np.zeros(6, int)}, "found 1 class"),
        ({"classes": np.array(["a", "b"])}, "found label 2 at sample 2 .* expected 0 to 1"),
        ({"classes": np.array(list("abcd"))}, r"no training sample of class 3 \('d'\)"),
    ],
)
def test_faulty_arrays_are_named_by_stage_and_description(tmp_path, changes, message):
    settings = save(tmp_path / "x.npz", **faulty(**changes))
    for function in (catalogue.read, catalogue.describe):
        with pytest.raises(InputError, match=message) as caught:
            function(settings)
        assert str(tmp_path / "x.npz") in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": with_value(np.nan)}, r"training inputs: found nan at \(4, 2\) \(1 such"),
        ({"inputs": with_value(np.inf)}, r"found inf at \(4, 2\)"),
        ({"inputs": with_value(1e300)}, r"found 1e\+300 at .* within float32"),
        ({"inputs": np.full((12, 3), "a")}, "found type <U1; expected real numbers"),
        ({"inputs": np.full((12, 3), None)}, "damaged: Object arrays cannot be loaded"),
        ({"test_inputs": np.ones((6, 4))}, r"test inputs of shape \(4,\).* expected .*\(3,\)"),
        ({"test_inputs": np.ones((6, 3, 3), np.uint8)}, r"test inputs of shape \(1, 3, 3\)"),
    ],
)
def test_faulty_inputs_are_named(tmp_path, changes, message):
    settings = save(tmp_path / "x.npz", **faulty(**changes))
    with pytest.raises(InputError, match=message) as caught:
        catalogue.read(settings)
    assert str(tmp_path / "x.npz") in str(caught.value)


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
@pytest.mark.parametrize("damage", ["truncated", "altered", "empty", "missing"])
def test_damaged_array_files_are_named(tmp_path, suffix, damage):
    part = images(200)
    path = tmp_path / f"x{suffix}"
    settings = save(path, inputs=part.inputs, targets=part.targets)
    if suffix == ".h5":
        with h5py.File(path, "w") as file:
            for name in ("inputs", "targets"):
                file.create_dataset(name, data=getattr(part, name), fletcher32=True)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    changed = {"truncated": content[: len(content) * 2 // 3], "altered": content, "empty": b""}
    path.unlink() if damage == "missing" else path.write_bytes(changed[damage])
    with pytest.raises(InputError, match=rf"x{suffix}: (expected a whole|found no such file)"):
        catalogue.read(settings)


def test_unknown_suffix_is_named(tmp_path):
    (tmp_path / "x.csv").write_text("1,2")
    with pytest.raises(InputError, match=r"found suffix '.csv'; expected .npz or .h5"):
        catalogue.read({"dataset": "arrays", "path": str(tmp_path / "x.csv")})


# --- image folders -------------------------------------------------------------------------------


def test_folder_and_every_kind_of_tar_give_the_same_data(tmp_path):
    files = collection()
    checksums = {publish(unpack(files, tmp_path / "folder"), tmp_path / "x.h5").checksum}
    shuffled = dict(sorted(files.items(), key=lambda item: item[1]))
    for compression in ("", "gz", "bz2", "xz"):
        settings = pack(shuffled, tmp_path / f"x{compression}.tar", compression, top="pets/")
        checksums.add(publish(settings, tmp_path / "x.h5").checksum)
    assert len(checksums) == 1
    data = load(tmp_path / "x.h5")
    assert data.train_inputs.shape == (12, 3, 8, 9)
    assert data.test_inputs.shape == (4, 3, 8, 9)
    assert data.classes == ("cat", "dog")
    assert data.train_targets.tolist() == [0] * 6 + [1] * 6
    assert catalogue.describe(settings) is None


def test_pixels_arrive_unchanged(tmp_path):
    files = collection()
    source = catalogue.read(unpack(files, tmp_path))
    expected = np.asarray(Image.open(io.BytesIO(files["train/dog/0.png"])))
    np.testing.assert_array_equal(source.train.inputs[6].transpose(1, 2, 0), expected)


def test_grey_images_have_one_channel_and_mixed_ones_three(tmp_path):
    files = collection(grey=True)
    assert catalogue.read(unpack(files, tmp_path / "grey")).train.inputs.shape[1] == 1
    files["train/cat/0.png"] = collection()["train/cat/0.png"]
    mixed = catalogue.read(unpack(files, tmp_path / "mixed")).train.inputs
    assert mixed.shape[1] == 3
    np.testing.assert_array_equal(mixed[1, 0], mixed[1, 2])


def test_folder_without_test_split_holds_some_out(tmp_path):
    files = {name: data for name, data in collection().items() if not name.startswith("test/")}
    source = catalogue.read(unpack(files, tmp_path) | {"test_fraction": 0.5})
    assert source.train.targets.tolist() == source.test.targets.tolist() == [0] * 3 + [1] * 3


def test_images_of_different_sizes_need_an_image_size(tmp_path):
    files = collection()
    files["train/dog/3.png"] = encoded(np.zeros((20, 10, 3), np.uint8))
    settings = unpack(files, tmp_path)
    with pytest.raises(
        InputError,
        match=r"train/dog/3.png: found 10 x 20 pixels; expected 9 x 8, like .* image_size",
    ):
        catalogue.read(settings)
    assert catalogue.read(settings | {"image_size": 6}).train.inputs.shape == (12, 3, 6, 6)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("train/dog/2.png", b"", "train/dog/2.png: expected an image"),
        ("train/dog/2.png", "half", "train/dog/2.png: expected an image, found"),
        (
            "train/stray.png",
            encoded(np.zeros((8, 9), np.uint8)),
            "train/stray.png; expected train/<c",
        ),
        ("test/bird/1.png", encoded(np.zeros((8, 9), np.uint8)), "no training sample of class 0"),
        ("train/dog/2.png", encoded(np.zeros((8, 9), np.uint16)), "found pixel mode I"),
    ],
)
def test_faulty_images_are_named(tmp_path, name, data, message):
    files = collection()
    files[name] = files[name][: len(files[name]) // 2] if data == "half" else data
    for settings in (unpack(files, tmp_path / "x"), pack(files, tmp_path / "x.tar", "xz")):
        with pytest.raises(InputError, match=message) as caught:
            catalogue.read(settings)
        assert settings["path"] in str(caught.value)


def test_empty_class_folder_is_named(tmp_path):
    settings = unpack(collection(), tmp_path)
    (tmp_path / "train/bird").mkdir()
    with pytest.raises(InputError, match=r"no training sample of class 0 \('bird'\)"):
        catalogue.read(settings)


def test_nothing_to_read_is_named(tmp_path):
    settings = {"dataset": "image_folder", "path": str(tmp_path)}
    with pytest.raises(InputError, match="found no training image; expected train/<class>"):
        catalogue.read(settings)
    with pytest.raises(InputError, match="found nothing; expected a folder or tar"):
        catalogue.read(settings | {"path": str(tmp_path / "missing")})


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
@pytest.mark.parametrize("cut", ["last bytes", "between members", "half", "no tar"])
def test_truncated_tar_is_refused_wherever_it_is_cut(tmp_path, compression, cut):
    path = tmp_path / "x.tar"
    settings = pack(collection(size=(50, 50)), path, compression)
    content = path.read_bytes()
    if cut == "between members" and not compression:
        with tarfile.open(path) as tar:
            keep = tar.getmembers()[-3].offset
    else:
        keep = len(content) - 5 if compression else len(content) - 10_000
        keep = len(content) // 2 if cut == "half" else keep
    path.write_bytes(b"no tar" * 200 if cut == "no tar" else content[:keep])
    with pytest.raises(InputError, match=r"x.tar: found .* expected a whole tar"):
        catalogue.read(settings)


def test_listing_knows_names_sizes_and_times(tmp_path):
    unpack(collection(), tmp_path)
    before = catalogue.listing(tmp_path)
    assert catalogue.listing(tmp_path) == before
    (tmp_path / "README.txt").touch()
    touched = catalogue.listing(tmp_path)
    (tmp_path / "README.txt").rename(tmp_path / "README")
    assert len({before, touched, catalogue.listing(tmp_path)}) == 3
    with pytest.raises(InputError, match="found no such folder"):
        catalogue.listing(tmp_path / "missing")


# --- public sets ---------------------------------------------------------------------------------


def index_file(values: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    return header + values.astype(np.uint8).tobytes()


@pytest.mark.slow
def test_public_set_is_read_through_torchvision(tmp_path, monkeypatch):
    whole = PUBLIC_SETS["mnist"]
    small = {"train_samples": 40, "test_samples": 20}
    monkeypatch.setitem(PUBLIC_SETS, "mnist", PublicSet(**(whole.__dict__ | small)))
    settings = {"dataset": "mnist", "path": str(tmp_path)}
    folder = tmp_path / "MNIST/raw"
    folder.mkdir(parents=True)
    assert catalogue.input_files(settings) == [folder]
    assert catalogue.input_files(settings | {"download": True}) == []
    for split, count in (("train", 40), ("t10k", 20)):
        part = images(count, 10, (28, 28))
        (folder / f"{split}-images-idx3-ubyte").write_bytes(index_file(part.inputs))
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(index_file(part.targets))
    data = publish(settings, tmp_path / "x.h5")
    assert data.train_inputs.shape == (40, 1, 28, 28)
    assert data.classes[3] == "3 - three"

    (folder / "t10k-images-idx3-ubyte").write_bytes(index_file(part.inputs)[:-100])
    with pytest.raises(InputError, match="MNIST/raw: expected the files of MNIST, found"):
        catalogue.read(settings)
    (folder / "t10k-images-idx3-ubyte").write_bytes(index_file(part.inputs[:10]))
    with pytest.raises(InputError, match="found 10 test samples; expected 20"):
        catalogue.read(settings)


@pytest.mark.parametrize("name", list(PUBLIC_SETS))
def test_absent_public_set_is_named(tmp_path, name):
    settings = {"dataset": name, "path": str(tmp_path)}
    with pytest.raises(InputError, match=r"expected .* download: true"):
        catalogue.read(settings)
    public = PUBLIC_SETS[name]
    described = catalogue.Description(public.shape, public.classes, public.train_samples)
    assert catalogue.describe(settings) == described


# --- synthetic -----------------------------------------------------------------------------------


def test_least_squares_finds_the_stored_parameters(tmp_path):
    drawn = {"samples": 20_000, "features": 5, "outputs": 2, "label_noise_scale": 0.5}
    data = publish({"dataset": "linear_regression", "synthetic": drawn}, tmp_path / "x.h5")
    found, residual, _, _ = np.linalg.lstsq(data.train_inputs, data.train_targets)
    np.testing.assert_allclose(found, data.parameters, atol=5 * 0.5 / np.sqrt(20_000))
    np.testing.assert_allclose(residual / 20_000, 0.25, rtol=0.05)
    assert (data.mean == 0).all()
    assert (data.standard_deviation == 1).all()


def test_covariance_has_the_power_law_spectrum():
    drawn = {"samples": 50_000, "features": 6, "spectrum_exponent": 1.5}
    inputs = synthetic.generate(drawn, "regression", 0).train.inputs
    np.testing.assert_allclose(inputs.var(axis=0), np.arange(1, 7) ** -1.5, rtol=0.05)


@pytest.mark.parametrize("freedom", [0.8, 1.5, 4.0])
def test_student_t_inputs_and_noise_have_the_tail_asked_for(freedom):
    drawn = {
        "samples": 100_000,
        "features": 1,
        "parameters": [[0.0]],
        "input_distribution": "student_t",
        "label_noise_distribution": "student_t",
        "label_noise_scale": 2.0,
        "degrees_of_freedom": freedom,
    }
    train = synthetic.generate(drawn, "regression", 0).train
    from scipy.special import stdtr

    for values in (train.inputs, train.targets / 2):
        for point in (1.0, 10.0):
            expected = 1 - stdtr(freedom, point)
            error = 5 * np.sqrt(expected / 100_000)
            assert np.mean(values > point) == pytest.approx(expected, abs=error)


def test_logistic_labels_follow_the_model():
    drawn = {"samples": 200_000, "features": 2, "outputs": 3, "label_noise_scale": 0.0}
    source = synthetic.generate(drawn, "classification", 0)
    logits = source.train.inputs @ source.parameters
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    one_hot = np.eye(3)[source.train.targets]
    # The score of a well-specified model has mean zero.
    score = source.train.inputs.T @ (one_hot - probability) / 200_000
    np.testing.assert_allclose(score, 0, atol=5 / np.sqrt(200_000))


def test_test_samples_do_not_change_training_samples():
    few, many = (
        synthetic.generate({"test_samples": count}, "regression", 0).train for count in (10, 1000)
    )
    np.testing.assert_array_equal(few.inputs, many.inputs)
    np.testing.assert_array_equal(few.targets, many.targets)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"colour": 1}, "synthetic: found 'colour'; accepted: samples"),
        ({"features": 0}, "synthetic.features: found 0; accepted: 1 or more"),
        ({"outputs": 1}, "synthetic.outputs: found 1; accepted: 2 or more"),
        ({"input_distribution": "cauchy"}, "found 'cauchy'; accepted: gaussian, student_t"),
        ({"degrees_of_freedom": 0}, "accepted: above 0"),
        ({"label_noise_scale": -1}, "accepted: 0 or more"),
        ({"parameters": [[1, 2]]}, r"found shape \(1, 2\); expected .*\(20, 3\)"),
    ],
)
def test_wrong_synthetic_settings_are_named(wrong, message):
    with pytest.raises(InputError, match=message):
        catalogue.read({"dataset": "logistic_regression", "synthetic": {"outputs": 3} | wrong})


# --- settings, splits and subsets ----------------------------------------------------------------


def test_subset_is_balanced_seeded_and_nested():
    small, large = (catalogue.read({"subset": size}).train for size in (103, 503))
    assert sorted(np.bincount(small.targets)) == [10] * 7 + [11] * 3
    kept = {image.tobytes() for image in large.inputs}
    assert all(image.tobytes() in kept for image in small.inputs)
    other = catalogue.read({"subset": 103, "seed": 1}).train
    assert not np.array_equal(small.inputs, other.inputs)
    assert catalogue.describe({"subset": 103}).train_samples == 103


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"subset": 10_001}, "found subset 10001; expected 10 to 10000"),
        ({"subset": 9}, "found subset 9; expected 10 to"),
        ({"dataset": "imagenet"}, "data.dataset: found 'imagenet'; accepted: fashion_mnist_subset"),
        ({"task": "ranking"}, "data.task: found 'ranking'"),
        ({"dataset": "cifar10"}, "data.path: found none; expected the file or folder of cifar10"),
        ({"folder": "x"}, "data: found 'folder'; accepted: dataset"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    for function in (catalogue.read, catalogue.describe):
        with pytest.raises(InputError, match=message):
            function(settings)


def test_subset_beyond_a_class_is_named(tmp_path):
    targets = np.array([0] * 50 + [1] * 5)
    arrays = {"test_inputs": np.ones((2, 2)), "test_targets": np.array([0, 1])}
    settings = save(tmp_path / "x.npz", inputs=np.ones((55, 2)), targets=targets, **arrays)
    message = (
        "found 5 training samples of class 1; expected at least 10 for a balanced subset of 20"
    )
    for function in (catalogue.read, catalogue.describe):
        with pytest.raises(InputError, match=message):
            function(settings | {"subset": 20})


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1e-6])
def test_impossible_test_fraction_is_named(tmp_path, fraction):
    settings = save(tmp_path / "x.npz", inputs=np.ones((10, 2)), targets=np.arange(10) % 2)
    with pytest.raises(InputError, match=r"x.npz: found .*test_fraction"):
        catalogue.read(settings | {"test_fraction": fraction})


def test_statistics_of_images_are_exact():
    inputs = images(2000, shape=(2, 5, 5)).inputs
    mean, deviation = dataset.statistics(inputs)
    np.testing.assert_allclose(mean, (inputs / 255).mean(axis=(0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(deviation, (inputs / 255).std(axis=(0, 2, 3)), rtol=1e-12)
