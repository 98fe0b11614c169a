"""What the page says of the balance stage."""

import pandas as pd

from example_studies import study
from gradnoise.report.balance import findings


def test_nothing_is_said_without_the_stage():
    assert findings({}) == []


def test_every_study_has_its_sentence_and_the_transition_comes_first():
    tables = {}
    for name in ("norms", "crossings", "laws", "transition"):
        tables |= study(name)
    first, laws, crossings, decay, fixed = findings(tables)
    assert first.startswith("With one hidden layer the mean of v is 1 − T/Tc")
    assert "from Tc on v collapses (median at most" in first
    assert "18 ensembles of 400 replicas at depths 0 to 2" in laws
    assert "0 of 400 replicas cross it; unbalanced, at least 100.0 % do" in crossings
    assert decay.startswith("The imbalance of two factors decays at 1.0")
    assert "6 inputs and 2 outputs (foretold 3.000)" in fixed
    assert len(findings(study("crossings"))) == 1


def said(**tables):
    (sentence,) = findings({f"balance_{name}": pd.DataFrame(table) for name, table in tables.items()})  # fmt: skip
    return sentence


def test_the_transition_by_hand():
    table = {
        "depth": [1, 1, 1, 1, 2, 2, 2, 0],
        "ratio": [0.5, 0.75, 1.0, 2.0, 0.5, 1.0, 3.0, 2.0],
        "mean": [0.52, 0.24, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
        "exact_mean": [0.5, 0.25, 0.0, 0.0, 0.1, 0.1, 0.1, 9.0],
        "mean_error": [0.01, 0.004, 0.1, 0.1, 0.001, 0.001, 0.001, 0.001],
        "median": [0.3, 0.2, 2e-9, 3e-12, 0.9, 0.63, 0.33, 0.7],
        "exact_median": [0.3, 0.2, 0.1, 0.1, 0.1, 0.7, 0.3, 0.1],
    }
    assert said(transition=table) == (
        "With one hidden layer the mean of v is 1 − T/Tc below the critical temperature: at 2 temperatures the "
        "ensemble's is at most 2.5 standard errors from it; from Tc on v collapses (median at most 2e−09); with two "
        "it does not (median 0.90 to 1.10 of the exact law's)."
    )
    hot = {name: values[2:4] for name, values in table.items()}
    assert said(transition=hot) == "From Tc on v collapses (median at most 2e−09)."
    gone = hot | {"median": [0.0, 0.0]}
    assert said(transition=gone).endswith("(median at most 0).")


def test_laws_by_hand():
    table = {
        "depth": [0, 1, 3],
        "replicas": [10_000, 20_000, 40_000],
        "diverged": [1, 2, 4],
        "distance": [0.006, 0.0124, 0.003],
    }
    assert said(laws=table) == (
        "3 ensembles of 40,000 replicas at depths 0 to 3 lie within 0.012 (Kolmogorov's distance) of their exact "
        f"laws; chance alone keeps 99 % within {1.63 / 20_000**0.5:.3f}. 7 replicas diverged."
    )


def test_crossings_by_hand():
    table = {
        "imbalance": [0.0, 0.0, 0.5, 0.2],
        "crossed": [1, 2, 950, 990],
        "replicas": [1000, 1500, 1000, 1100],
        "diverged": [5, 6, 50, 100],
    }
    assert said(crossings=table) == (
        "Balanced on the wrong side of 0, 3 of 2,489 replicas cross it; unbalanced, at least 99.0 % do."
    )


def test_decay_and_norms_by_hand():
    decay = {"decay": [0.006, 9.0], "decay_error": [0.0005, 9.0], "predicted_decay": [0.005, 9.0]}
    assert said(decay=decay) == (
        "The imbalance of two factors decays at 1.200 ± 0.196 times the rate that the law of balance foretells."
    )
    fixed = {
        "inputs": [6, 2],
        "outputs": [2, 5],
        "ratio": [3.1, 0.41],
        "ratio_error": [0.05, 0.002],
        "predicted_ratio": [3.0, 0.4],
    }
    assert said(fixed_points=fixed) == (
        "Squared norms of the two layers settle at a ratio of 3.100 ± 0.098 with 6 inputs and 2 outputs (foretold "
        "3.000), 0.410 ± 0.004 with 2 inputs and 5 outputs (foretold 0.400)."
    )
