"""Where results lie."""

from pathlib import Path

import pytest

from gradnoise.store.paths import LAYER_STAGES, Checkpoint, Paths

AT = Checkpoint("cnn", 1, 20)


def test_a_checkpoint_holds_what_is_measured_at_it():
    paths = Paths(Path("results"))
    folder = "results/cnn/seed-1/epoch-20"
    assert paths.checkpoint(AT) == folder
    assert paths.gradients(AT) == f"{folder}/gradients.zarr"
    assert paths.noise(AT, 3) == f"{folder}/noise/repeat-3.zarr"
    assert paths.langevin(AT, "fast", "model") == f"{folder}/langevin/fast/model.h5"
    assert paths.rejection(AT) == f"{folder}/rejection.h5"
    assert paths.trajectory(AT, "fast") == f"{folder}/trajectory/fast.zarr"


@pytest.mark.parametrize("stage", LAYER_STAGES)
def test_a_layer_has_a_file_of_its_own_in_every_stage(stage):
    path = Paths("results").layer(stage, AT, "conv1.weight")
    assert path == f"results/cnn/seed-1/epoch-20/{stage}/conv1.weight.h5"


def test_what_is_not_known_is_a_wildcard():
    paths = Paths("out")
    assert paths.moments() == "out/{run}/seed-{seed}/epoch-{epoch}/moments.zarr"
    assert paths.figure("pdf") == "out/figures/{run}-{figure}.pdf"
    assert paths.layer("clt").endswith("/clt/{parameter}.h5")
    filled = paths.layer("clt").format(run="cnn", seed=1, epoch=20, parameter="fc.bias")
    assert filled == paths.layer("clt", AT, "fc.bias")
