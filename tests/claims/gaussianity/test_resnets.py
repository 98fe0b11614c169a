"""Claims on residual networks: verdicts out of tables made for them."""

from dataclasses import replace

import pytest

from example_claims import BY_NAME, evidence, rising, row, verdict
from example_results import resnet
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment


@pytest.mark.parametrize(
    ("lowest", "accuracy", "expected"),
    [
        (90.0, 0.95, "supported"),
        (70.0, 0.95, "contradicted"),
        (85.05, 0.95, "open"),
        (90.0, 0.7, "not testable here"),
    ],
)
def test_resnet56_above_85(lowest, accuracy, expected):
    run = evidence(
        lambda la, *_: lowest if la == "block3.layer2" else 93.0,
        resnet(2),
        "resnet56",
        accuracy=accuracy,
        sizes=(64, 256),
    )
    assert verdict("resnet56_above_85", run) == expected


@pytest.mark.parametrize(
    ("third", "expected"), [(80.0, "supported"), (95.0, "contradicted"), (90.0, "open")]
)
def test_resnet56_block_3(third, expected):
    run = evidence(lambda la, *_: third if la.startswith("block3") else 90.0, resnet(2), "resnet56")
    assert verdict("resnet56_block_3_least", run) == expected


@pytest.mark.parametrize(
    ("jump", "noise", "expected"),
    [(0.0, 0.3, "supported"), (20.0, 0.3, "contradicted"), (0.0, 8.0, "open")],
)
def test_resnet20_steady(jump, noise, expected):
    run = evidence(
        lambda la, epoch, *_: 85.0 - jump * (epoch == 1),
        resnet(1),
        "resnet20",
        epochs=(1, 10, 20),
        sizes=(64, 128),
        noise=noise,
    )
    assert verdict("resnet20_steady", run) == expected


def test_resnet20_is_judged_at_trainings_batch_size_and_others_stand_beside():
    run = evidence(
        lambda la, epoch, size, n: 85.0 - 20.0 * (epoch == 1 and size == 64),
        resnet(1),
        "resnet20",
        epochs=(1, 10, 20),
        sizes=(64, 128),
    )
    found = row("resnet20_steady", run)
    assert found["verdict"] == "supported"
    assert found["fails_under"] == "batch size 64"
    assert found["holds_under"].startswith("n = 600; constants left out")
    without = evidence(rising, resnet(1), "resnet20", sizes=(64, 256))
    assert row("resnet20_steady", without)["reason"] == "needs batch size 128"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"dataset": "cifar10", "subset": 5000}, "needs all 50,000 images of CIFAR-10"),
        ({"dataset": "cifar100"}, "needs all 50,000 images of CIFAR-10"),
    ],
)
def test_resnet56_is_judged_on_all_images(data, reason):
    run = evidence(lambda *_: 90.0, resnet(2), "resnet56")
    changed = replace(run, settings={**run.settings, "data": data})
    assert row("resnet56_above_85", changed)["reason"].startswith(reason)


def test_a_subset_of_all_images_is_all_images_and_the_accuracy_is_the_last_epochs():
    run = evidence(lambda *_: 90.0, resnet(2), "resnet56")
    whole = {"dataset": "image_folder", "subset": 50_000}
    assert verdict("resnet56_above_85", replace(run, settings={**run.settings, "data": whole})) == (
        "supported"
    )
    folder = replace(run, settings={**run.settings, "data": {"dataset": "image_folder"}})
    assert verdict("resnet56_above_85", folder) == "not testable here"
    for accuracies, expected in (((0.1, 0.95), "supported"), ((0.95, 0.1), "not testable here")):
        trained = replace(run, training=run.training.assign(train_accuracy=accuracies))
        assert verdict("resnet56_above_85", trained) == expected


def test_blocks_are_compared_by_the_mean_over_their_layers():
    levels = {f"block{block}.layer{layer}": 40.0 + 10 * block + 3 * layer for block in (1, 2, 3) for layer in (1, 2)}  # fmt: skip
    layers = [layer for layer in resnet(2) if layer[0] != "block1.layer2"]
    # The linear layer and other batch sizes are no part of it.
    run = evidence(
        lambda la, e, size, n: levels.get(la, 5.0) if size == 64 and e else 1.0,
        layers,
        "resnet56",
        noise=0.02,
        coordinates=10**7,
    )
    found = decide(BY_NAME["resnet56_block_3_least"], Experiment([run])).components[:2]
    assert [part["component"] for part in found] == [
        "block 3 minus block 1 at batch size 64",
        "block 3 minus block 2 at batch size 64",
    ]
    assert [part["value"] for part in found] == pytest.approx([74.5 - 53, 74.5 - 64.5], abs=0.05)


def test_every_epoch_is_held_against_the_mean_over_epochs():
    values = {1: 80.0, 10: 83.0, 20: 82.0}
    run = evidence(
        lambda la, epoch, size, n: values[epoch] - 30 * (size == 64),
        resnet(1)[:2],
        "resnet20",
        epochs=(1, 10, 20),
        sizes=(64, 128),
        noise=0.02,
        coordinates=10**7,
    )
    found = decide(BY_NAME["resnet20_steady"], Experiment([run])).components[:6]
    assert [part["component"] for part in found[:3]] == [
        f"conv1 at epoch {epoch}: minus its mean over epochs" for epoch in values
    ]
    assert [part["value"] for part in found] == pytest.approx([-5 / 3, 4 / 3, 1 / 3] * 2, abs=0.05)
    assert found[0]["least"] == -5
    assert found[0]["most"] == 5
