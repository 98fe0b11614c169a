"""Claims on residual networks: verdicts out of tables made for them."""

from dataclasses import replace

import pytest

from example_claims import evidence, rising, row, verdict
from example_results import resnet


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
