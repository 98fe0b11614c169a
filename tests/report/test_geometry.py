"""What the page says of the geometry stage."""

import numpy as np
import pandas as pd

from example_geometry import SMALL, study
from gradnoise.report.geometry import findings

NONE = pd.DataFrame({"claim": ["other"], "verdict": ["supported"], "scope": ["these networks"]})


def test_nothing_is_said_without_the_stage():
    assert findings({}, NONE) == []


def test_every_study_has_its_sentences_and_the_initialisation_comes_first():
    tables = {}
    for name in ("fluctuations", "relation", "training", "initialisation"):
        tables |= study(name)
    first, training, rates, fluctuations, relation = findings(tables, NONE)
    rows = tables["geometry_initialisation"]
    slope = np.polyfit(np.log(rows["stretch"]), np.log(rows["fisher"]), 1)[0]
    assert first.startswith("Over 8 networks of depth 4 Fisher's largest eigenvalue grows")
    assert f"to the power {slope:.2f}; Gaussian weights have" in first
    runs = tables["geometry_descents"]
    judged = runs[runs["judged"] == 1]
    missing = int((judged["arrived"] == 0).sum())
    assert training.endswith(f"{missing} of {len(judged)} judged runs did not arrive.")
    for kind, manifold, words in (
        ("orthogonal", "stiefel", "on the Stiefel manifold"),
        ("gaussian", "euclidean", "Gaussian"),
    ):
        mine = judged[(judged["manifold"] == manifold) & (judged["initialisation"] == kind)]
        for q in SMALL["q"]:
            steps = mine[mine["q"] == q]
            said = f"{np.exp(np.log(steps['steps']).mean()):.0f} ({words})"
            if not steps["arrived"].any():
                said = f"none in {SMALL['steps']} ({words})"
            assert said in training
    assert f"q = {SMALL['q'][1]}" in training
    assert "of 6 best rates lie at the edge" in rates
    assert f"From depth 20 to {SMALL['deepest']}" in fluctuations
    assert "at epoch 0 (loss 2" in relation
    assert "at epoch 100 (loss" in relation
    assert len(findings(study("fluctuations"), NONE)) == 1


def said(**tables):
    (sentence,) = findings({f"geometry_{name}": table for name, table in tables.items()}, NONE)
    return sentence


def test_the_initialisation_by_hand():
    rows = pd.DataFrame(
        [
            {"depth": depth, "initialisation": kind, "q": q, "stretch": stretch,
             "fisher": factor * stretch**power, "condition": condition}
            for depth, power in ((8, 1.0), (16, 2.0))
            for kind, factor, condition in (("gaussian", 1.0, 30.0 * depth), ("orthogonal", 1.0, 2.0))
            for q, stretch in ((0.1, 1.0), (0.5, 4.0 if kind == "gaussian" else 2.0))
        ]
    )  # fmt: skip
    # Geometric means: stretches of 2 and of 2 to the half; condition numbers of 240 and 480 over 2.
    assert said(initialisation=rows) == (
        "Over 4 networks of depth 8 Fisher's largest eigenvalue grows as the squared singular value of the Jacobian to "
        "the power 1.00; Gaussian weights have 1.4 times the eigenvalue of orthogonal ones and 120 times the condition "
        "number; over 4 networks of depth 16 Fisher's largest eigenvalue grows as the squared singular value of the "
        "Jacobian to the power 2.00; Gaussian weights have 2.0 times the eigenvalue of orthogonal ones and 240 times "
        "the condition number."
    )


def test_training_by_hand():
    rows = pd.DataFrame(
        [
            {"depth": 16, "q": q, "initialisation": kind, "manifold": manifold, "seed": seed,
             "steps": steps * factor * (10 if q == 0.5 else 1), "arrived": int(seed != missing), "judged": judged}
            for q in (0.02, 0.5)
            for kind, manifold, steps, missing in (
                ("orthogonal", "euclidean", 20, 1), ("orthogonal", "stiefel", 30, 0), ("gaussian", "euclidean", 40, 0))
            for seed, factor in ((1, 0.5), (2, 2.0))
            for judged in (0, 1)
        ]
    )  # fmt: skip
    rows.loc[rows["judged"] == 0, ["steps", "arrived"]] = 7, 0
    # Geometric means over seeds of half and of twice as many.
    assert said(descents=rows) == (
        "At its own best learning rate every kind of training comes to the loss in so many steps: 20 (orthogonal), 40 "
        "(Gaussian), 30 (on the Stiefel manifold) at depth 16, q = 0.02; 200 (orthogonal), 400 (Gaussian), 300 (on "
        "the Stiefel manifold) at depth 16, q = 0.5. 2 of 12 judged runs did not arrive."
    )


def test_rates_by_hand():
    columns = (
        *("initialisation", "manifold", "depth", "q", "stable_rate", "stable_rate_lower"),
        *("stable_rate_upper", "best_rate", "at_edge"),
    )
    rows = [
        ("orthogonal", "euclidean", 8, 0.5, 0.32, 0.3, 0.341, 0.1, 0),
        ("orthogonal", "stiefel", 8, 0.5, 0.64, 0.5, 0.8, 0.1, 1),
        ("gaussian", "euclidean", 16, 0.02, 0.08, 0.07, 0.0914, 0.1, 0),
    ]  # fmt: skip
    assert said(arms=pd.DataFrame(rows, columns=columns)) == (
        "The largest stable learning rates are 0.320 [0.300, 0.341] (orthogonal, depth 8, q = 0.5), 0.640 [0.500, 0.800] "
        "(on the Stiefel manifold, depth 8, q = 0.5), 0.080 [0.070, 0.091] (Gaussian, depth 16, q = 0.02); 1 of 3 best rates "
        "lie at the edge of those tried."
    )


def test_fluctuations_by_hand():
    rows = pd.DataFrame(
        [
            {"initialisation": kind, "q": q, "depth": depth, "group": group,
             "preactivation_fluctuation": value + shift * group, "kernel_fluctuation": 10 * value + shift * group}
            for q in (0.0, 0.5)
            for kind, at in (("orthogonal", {1: 9.0, 20: 1.0, 30: 7.0, 40: 2.0}), ("gaussian", {1: 9.0, 20: 3.0, 30: 7.0, 40: 5.0}))
            for depth, value in at.items()
            for shift in [0.02 if q == 0 else 50]
            for group in (-1, 0, 1)
        ]
    )  # fmt: skip
    # Three groups that deviate by 0.02: 1.96 * 0.02 / sqrt(3).
    assert said(fluctuations=rows) == (
        "From depth 20 to 40, in the limit of small preactivations, n times the relative variance over networks goes: of "
        "the preactivations' mean square from 1 ± 0.02 to 2 ± 0.02 (orthogonal) and from 3 ± 0.02 to 5 ± 0.02 "
        "(Gaussian); of the tangent kernel from 10 ± 0.02 to 20 ± 0.02 (orthogonal) and from 30 ± 0.02 to 50 ± 0.02 "
        "(Gaussian)."
    )


def test_the_relation_by_hand():
    rows = pd.DataFrame(
        [
            {"depth": depth, "initialisation": kind, "q": 0.5, "seed": seed, "epoch": epoch, "loss": 2.0 + 0.1 * (depth == 9) - epoch / 60,
             "fisher_hessian": 0.2 + base + 0.01 * seed, "fisher_noise": 0.5 + base + 0.01 * seed,
             "rest_over_hessian": 0.9 - base, "noise_over_fisher": 1.1 - 2 * base}
            for depth, kind, base in ((4, "orthogonal", 0.0), (9, "orthogonal", 0.3))
            for epoch in (0, 20, 100)
            for seed in (1, 3)
        ]
    )  # fmt: skip
    rows.loc[rows["epoch"] == 20, "loss"] = 7
    assert said(relation=rows) == (
        "Over depths, initialisations and q, at epoch 0 (loss 2 to 2.1) the cosine of Hessian and Fisher information is 0.22 to "
        "0.52, what the Hessian has besides 0.6 to 0.9 of its norm, the cosine of noise covariance and Fisher information "
        "0.52 to 0.82, the ratio of their traces 0.5 to 1.1; at epoch 100 (loss 0.33 to 0.43) the cosine of Hessian and "
        "Fisher information is 0.22 to 0.52, what the Hessian has besides 0.6 to 0.9 of its norm, the cosine of noise "
        "covariance and Fisher information 0.52 to 0.82, the ratio of their traces 0.5 to 1.1."
    )


def test_pairs_of_networks_have_a_sentence_for_every_scope():
    columns = ("claim", "scope", "verdict", "quantity", "measured", "lower", "upper")
    claims = pd.DataFrame(
        [
            ("isometry_changes_gaussianity", "these networks", "supported", "conv2: a minus b", -7.21, -9.52, -5.1),
            ("isometry_changes_gaussianity", "the architecture", "open", "conv3: a minus b", 2.5, -1.5, 6.5),
            ("isometry_changes_gaussianity", "these networks", "contradicted", "conv1: a minus c", 1.2, 0.5, 2.1),
            ("isometry_changes_gaussianity", "", "not testable here", "", np.nan, np.nan, np.nan),
            ("rises_with_batch_size", "these networks", "supported", "conv1", 3.0, 1.0, 5.0),
        ],
        columns=columns,
    )  # fmt: skip
    assert findings({}, claims) == [
        "Isometric initialisation, of these networks: it changes how Gaussian the noise is (conv2: a minus b: −7.21 "
        "[−9.52, −5.1] points); it does not change how Gaussian the noise is (conv1: a minus c: 1.2 [0.5, 2.1] points).",
        "Isometric initialisation, of the architecture: it may change how Gaussian the noise is (conv3: a minus b: 2.5 "
        "[−1.5, 6.5] points).",
    ]
