"""What the page says of the geometry stage."""

import numpy as np

from example_geometry import SMALL, study
from gradnoise.report.geometry import findings


def test_nothing_is_said_without_the_stage():
    assert findings({}) == []


def test_every_study_has_its_sentences_and_the_initialisation_comes_first():
    tables = {}
    for name in ("fluctuations", "training", "initialisation"):
        tables |= study(name)
    first, training, rates, fluctuations = findings(tables)
    rows = tables["geometry_initialisation"]
    slope = np.polyfit(np.log(rows["stretch"]), np.log(rows["fisher"]), 1)[0]
    assert first.startswith("Over 8 networks of depth 4 Fisher's largest eigenvalue grows")
    assert f"to the power {slope:.2f}; Gaussian weights have" in first
    runs = tables["geometry_descents"]
    judged = runs[runs["judged"] == 1]
    missing = int((judged["arrived"] == 0).sum())
    assert training.endswith(f"{missing} of {len(judged)} judged runs did not arrive.")
    mine = judged[(judged["manifold"] == "stiefel") & (judged["q"] == 0.6)]["steps"]
    assert (
        f"{np.exp(np.log(mine).mean()):.0f} (on the Stiefel manifold) at depth 4, q = 0.6"
        in training
    )
    assert "of 6 best rates lie at the edge" in rates
    assert f"From depth 20 to {SMALL['deepest']}" in fluctuations
    assert len(findings(study("fluctuations"))) == 1
