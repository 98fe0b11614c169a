"""Claims on isometric initialisation: verdicts out of tables made for them."""

from dataclasses import replace

import pytest

from example_claims import BY_NAME, evidence, verdict
from gradnoise.claims.decision import decide
from gradnoise.claims.evidence import Evidence
from gradnoise.claims.experiment import Experiment


def run(name: str, late: float, early: float = 40.0, noise: float = 0.3, **keys) -> Evidence:
    """A network whose conv2 passes at so much after and before training, with keys `section__key` of its settings."""
    found = evidence(
        lambda layer, epoch, *_: (late if epoch else early) if layer == "conv2" else 60.0,
        name=name,
        noise=noise,
    )
    settings = {section: dict(values) for section, values in found.settings.items()}
    for key, value in keys.items():
        section, _, part = key.partition("__")
        settings.setdefault(section, {})[part] = value
    return replace(found, settings=settings)


def isometric(late: float, **options) -> Evidence:
    return run("isometric", late, **{"model__initialisation": "delta_orthogonal", "model__q": 0.1} | options)  # fmt: skip


def gaussian(late: float, **options) -> Evidence:
    return run("gaussian", late, **{"model__initialisation": "gaussian", "model__q": 0.1} | options)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (isometric(46), gaussian(40), "supported"),
        (isometric(34), gaussian(40), "supported"),
        (isometric(41), gaussian(40), "contradicted"),
        (isometric(40, early=46), gaussian(40), "supported"),
        (isometric(43, noise=3), gaussian(40, noise=3), "open"),
        # The default has no q.
        (isometric(46), run("usual", 40), "supported"),
    ],
)
def test_isometry_changes_gaussianity_where_some_layer_certainly_differs_by_more_than_3(
    one, other, expected
):
    assert verdict("isometry_changes_gaussianity", one, other) == expected
    assert verdict("isometry_changes_gaussianity", other, one) == expected


def test_the_difference_is_the_isometric_networks_less_the_others():
    components = decide(
        BY_NAME["isometry_changes_gaussianity"], Experiment([gaussian(40), isometric(49)])
    ).components
    differences = {part["component"]: part["value"] for part in components}
    label = "conv2 at batch size 64, epoch 5: isometric minus gaussian"
    assert differences[label] == pytest.approx(9, abs=0.5)
    assert differences[label.replace("epoch 5", "epoch 0")] == pytest.approx(0, abs=0.5)


def test_networks_that_differ_in_anything_else_are_no_pair():
    for other in (gaussian(46, training__learning_rate=0.3), gaussian(46, data__subset=7)):
        assert verdict("isometry_changes_gaussianity", isometric(40), other) == "not testable here"
    assert (
        verdict("isometry_changes_gaussianity", isometric(40), isometric(46)) == "not testable here"
    )


def test_the_manifold_is_judged_after_training_alone():
    plain = {"model__initialisation": "orthogonal", "model__q": 0.1}
    for late, expected in ((46, "supported"), (41, "contradicted")):
        one = run("manifold", late, early=90, training__manifold="stiefel", **plain)
        other = run("plain", 40, training__manifold="euclidean", **plain)
        assert verdict("manifold_changes_gaussianity", one, other) == expected
    another = run("another", 40, **plain | {"model__q": 0.5})
    assert verdict("manifold_changes_gaussianity", one, another) == "not testable here"
