"""Every rule on percentages just inside and just outside its thresholds, with hardly any noise; every condition."""

from dataclasses import replace

import pytest

from example_claims import evidence, row, verdict
from example_results import ALEXNET, resnet
from gradnoise.claims.evidence import Evidence

SHARP = {"noise": 0.05, "coordinates": 10**7}


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize(
    ("middle", "end", "expected"),
    [
        (50.0, 50.5, "supported"),
        (50.0, 49.5, "contradicted"),
        # A fall between batch sizes contradicts from 3 points on.
        (54.0, 51.4, "supported"),
        (54.0, 50.6, "contradicted"),
    ],
)
def test_a_layer_has_to_rise_and_may_fall_by_three_between(middle, end, expected, seeds):
    values = {64: 50.0, 256: middle, 1024: end}
    run = evidence(
        lambda la, e, size, n: values[size] if la == "conv3" else 20 + 5 * size**0.3,
        seeds=seeds,
        **SHARP,
    )
    assert verdict("rises_with_batch_size", run) == expected


@pytest.mark.parametrize(("start", "expected"), [(91.8, "contradicted"), (92.2, "supported")])
def test_layers_at_92_or_more_need_not_rise(start, expected):
    run = evidence(
        lambda la, e, size, n: start - (size - 64) / 2000 if la == "conv1" else 40 + size / 100,
        **SHARP,
    )
    found = row("rises_with_batch_size", run)
    assert found["verdict"] == expected
    assert ("conv1" in found["reason"]) == (expected == "supported")


def test_a_single_batch_size_has_no_rise():
    alone = evidence(lambda *_: 40.0, sizes=(64,))
    assert row("rises_with_batch_size", alone)["reason"] == "needs two batch sizes or more"
    alexnet = evidence(lambda *_: 5.0, ALEXNET, "alexnet", sizes=(64,))
    assert row("alexnet_fourth_convolution", alexnet)["reason"] == "needs two batch sizes or more"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(9.8, 35.1, "supported"), (10.2, 36.0, "contradicted"), (9.8, 34.6, "contradicted")],
)
def test_conv4_starts_below_10_and_rises_by_25(start, end, expected):
    values = {64: start, 256: 20.0, 1024: end}
    run = evidence(
        lambda la, e, size, n: values[size] if la == "conv4" else 1.0, ALEXNET, "alexnet", **SHARP
    )
    assert verdict("alexnet_fourth_convolution", run) == expected


def test_conv4_has_to_be_measured():
    bare = evidence(lambda *_: 5.0, [layer for layer in ALEXNET if layer[0] != "conv4"], "alexnet")
    assert row("alexnet_fourth_convolution", bare)["reason"] == "needs the noise of conv4"
    assert row("last_convolutions_least", bare)["reason"].startswith("needs the noise of conv4")


def alexnet(changes: dict[str, float], name: str, normalised: bool) -> Evidence:
    """AlexNet whose convolutions change in training by so much."""
    return evidence(
        lambda la, epoch, *_: 70.0 + (changes.get(la, 0.0) if epoch else 0.0),
        ALEXNET,
        "alexnet",
        {"batch_norm": normalised},
        name=name,
        **SHARP,
    )


@pytest.mark.parametrize(
    ("plain", "kept", "expected"),
    [
        ({"conv3": -5.3, "conv4": -9.0}, {"conv2": 4.7, "conv5": -4.7}, "supported"),
        ({"conv3": -4.7, "conv4": -9.0}, {}, "contradicted"),
        ({"conv3": -5.3, "conv4": -9.0}, {"conv2": 5.3}, "contradicted"),
        ({"conv3": -5.3, "conv4": -9.0}, {"conv5": -5.3}, "contradicted"),
    ],
)
def test_five_points_are_lost_without_batch_norm_and_kept_with_it(plain, kept, expected):
    runs = alexnet(plain, "plain", False), alexnet(kept, "normalised", True)
    assert verdict("batch_norm_keeps_gaussianity", *runs) == expected


def test_both_networks_need_two_epochs_and_the_middle_convolutions():
    runs = alexnet({}, "plain", False), alexnet({}, "normalised", True)
    once = replace(runs[1], rows=runs[1].rows[runs[1].rows["epoch"] == 5])
    found = row("batch_norm_keeps_gaussianity", runs[0], once)
    assert found["reason"] == "needs two epochs or more of normalised"
    few = replace(runs[1], rows=runs[1].rows[runs[1].rows["layer"] != "conv3"])
    found = row("batch_norm_keeps_gaussianity", runs[0], few)
    assert found["reason"] == "needs the noise of conv3 and conv4 of normalised"


@pytest.mark.parametrize(("lowest", "expected"), [(85.2, "supported"), (84.8, "contradicted")])
def test_every_layer_of_resnet56_is_above_85(lowest, expected):
    run = evidence(
        lambda la, *_: lowest if la == "block2.layer1" else 90.0, resnet(2), "resnet56", **SHARP
    )
    assert verdict("resnet56_above_85", run) == expected


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"sizes": (128, 256)}, "needs batch size 64"),
        ({"accuracy": 0.899}, "needs train accuracy of 90 % or more, found 89.9 %"),
        ({"model": "resnet20"}, "needs ResNet-56"),
    ],
)
@pytest.mark.parametrize("claim", ["resnet56_above_85", "resnet56_block_3_least"])
def test_what_the_claims_on_resnet56_need(claim, changed, reason):
    run = evidence(lambda *_: 90.0, resnet(2), **{"model": "resnet56", **changed})
    assert row(claim, run)["reason"] == reason


def test_an_accuracy_of_90_per_cent_is_enough():
    run = evidence(lambda *_: 90.0, resnet(2), "resnet56", accuracy=0.9)
    assert verdict("resnet56_above_85", run) == "supported"


@pytest.mark.parametrize(("third", "expected"), [(69.7, "supported"), (70.3, "contradicted")])
def test_block_3_of_resnet56_is_below_each_other_block(third, expected):
    levels = {"block1": 70.0, "block2": 80.0, "block3": third}
    run = evidence(lambda la, *_: levels.get(la[:6], 90.0), resnet(3), "resnet56", **SHARP)
    assert verdict("resnet56_block_3_least", run) == expected


def test_all_three_blocks_have_to_be_measured():
    layers = [layer for layer in resnet(2) if not layer[0].startswith("block2")]
    found = row("resnet56_block_3_least", evidence(lambda *_: 90.0, layers, "resnet56"))
    assert found["reason"] == "needs layers of blocks 1, 2 and 3"


@pytest.mark.parametrize(("jump", "expected"), [(7.3, "supported"), (7.7, "contradicted")])
def test_resnet20_keeps_within_five_of_its_mean_over_epochs(jump, expected):
    # One of three epochs that is 7.5 higher is 5 above their mean.
    run = evidence(
        lambda la, epoch, *_: 80.0 + jump * (epoch == 10 and la == "block2.layer1"),
        resnet(1),
        "resnet20",
        epochs=(1, 10, 20),
        sizes=(128, 256),
        **SHARP,
    )
    assert verdict("resnet20_steady", run) == expected


def test_resnet20_needs_two_epochs():
    run = evidence(lambda *_: 80.0, resnet(1), "resnet20", epochs=(5,), sizes=(128,))
    assert row("resnet20_steady", run)["reason"] == "needs two epochs or more"


@pytest.mark.parametrize(
    ("directions", "expected"),
    [(3.3, "supported"), (2.7, "contradicted"), (-2.7, "contradicted"), (-3.3, "supported")],
)
def test_directions_differ_from_three_points_on(directions, expected):
    run = evidence(lambda *_: 50.0, directions=directions, **SHARP)
    assert verdict("property_of_the_basis", run) == expected


def test_one_number_of_batches_has_no_trend():
    run = evidence(lambda la, e, size, n: 40 + size / 40)
    few = replace(run, rows=run.rows[run.rows["batches"] == 200])
    assert row("same_trend", few)["reason"] == "needs two numbers of batches"
