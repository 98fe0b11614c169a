"""The stage: from stores to a layer's file."""

import h5py
import numpy as np
import pytest
import zarr

from example_results import call
from gradnoise.clt.value_classes import Values
from gradnoise.gradients.parameters import COORDINATE
from gradnoise.gradients.store import GRADIENT
from gradnoise.moments.store import MOMENTS
from gradnoise.store import arrays


@pytest.fixture
def stores(tmp_path):
    """Gradients, moments and a Gaussianity file of one small layer."""
    random = np.random.default_rng(0)
    gradients = random.gamma(0.5, size=(600, 30)).astype(np.float32)
    gradients[:, 3] = 1.5
    root = zarr.open_group(tmp_path / "gradients.zarr", mode="w")
    group = root.create_group("w.weight")
    arrays.put_array(group, GRADIENT, gradients)
    arrays.put_array(group, COORDINATE, np.arange(30))
    root.attrs.update(strategy="per_sample", sample_count=600)
    arrays.seal(root)
    moments = zarr.open_group(tmp_path / "moments.zarr", mode="w")
    group = moments.create_group("w.weight")
    centred = gradients - gradients.mean(axis=0, dtype=np.float64)
    powers = (centred**2, np.abs(centred**3), centred**3, centred**4)
    values = [gradients.mean(axis=0, dtype=np.float64), *(each.mean(axis=0) for each in powers)]
    for variable, value in zip(MOMENTS, values, strict=True):
        arrays.put_array(group, variable, value)
    moments.attrs.update(strategy="per_sample", sample_count=600)
    arrays.seal(moments)
    with h5py.File(tmp_path / "w.weight.h5", "w") as file:
        file.attrs.update(layer="w", parameter="w.weight", kind="weight")
        file["coordinates/index"] = np.arange(30)
    return tmp_path


SETTINGS = (
    '{"batch_sizes": [8, 32], "batches": [50], "repeats": 3, '
    '"sampling": "with_replacement", "seed": 1, "exact_coordinates": 12, '
    '"distance": 0.01, "share": 0.9}'
)


def run_stage(folder) -> None:
    paths = [folder / name for name in ("gradients.zarr", "moments.zarr", "w.weight.h5")]
    flags = ("--gradients", "--moments", "--gaussianity")
    given = [part for pair in zip(flags, paths, strict=True) for part in pair]
    call("clt", "--settings", SETTINGS, *given, "--output", folder / "clt/w.weight.h5")


def test_the_stage_writes_bounds_exact_distances_and_predictions(stores) -> None:
    run_stage(stores)
    with h5py.File(stores / "clt/w.weight.h5") as file:
        summary = file["summary"][...]
        assert summary["violations"].sum() == 0
        assert (summary["exact_q50"] < summary["bound_q50"]).all()
        assert file["held_out/pvalue"].shape == (2, 1, 3, 30)
        assert file.attrs["sample_count"] == 600
        assert file.attrs["noise_scale"] > 0
        assert file.attrs["rho_q05"] >= 1
        assert np.isnan(file["coordinates/rho"][3])
        assert file["coordinates/value_class"][0, 3] == Values.DEAD


def test_without_stored_gradients_the_stage_says_what_moments_allow(stores) -> None:
    root = zarr.open_group(stores / "gradients.zarr", mode="w")
    root.attrs.update(strategy="per_batch", sample_count=600)
    arrays.seal(root)
    run_stage(stores)
    with h5py.File(stores / "clt/w.weight.h5") as file:
        assert "held_out" not in file
        assert file["summary"]["exact_count"].sum() == 0
        assert np.isfinite(file["summary"]["bound_q50"]).all()
