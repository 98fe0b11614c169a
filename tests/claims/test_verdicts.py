"""Intervals against thresholds."""

import numpy as np

from gradnoise.claims.verdicts import Component, agree, any_beyond, every


def test_component_needs_its_whole_interval_beyond_the_threshold():
    assert Component("x", 2, 1, 3, least=0).verdict == "supported"
    assert Component("x", 2, -1, 5, least=0).verdict == "undecided"
    assert Component("x", -2, -3, -1, least=0).verdict == "contradicted"
    assert Component("x", 2, np.nan, np.nan, least=0).verdict == "undecided"
    assert Component("x", 4.9, 4.0, 5.8, -5, 5).verdict == "undecided"
    assert Component("x", 7.0, 6.0, 8.0, -5, 5).verdict == "contradicted"
    assert Component("x", 2, 1, 9, most=3, rejects_only=True).verdict == "supported"


def test_one_contradicted_layer_contradicts_every():
    good, open_, bad = (
        Component("good", 5, 4, 6, least=0),
        Component("open", 1, -1, 3, least=0),
        Component("bad", -5, -6, -4, least=0),
    )
    assert every([good, good])[0] == "supported"
    assert every([good, open_]) == ("undecided", open_)
    assert every([good, open_, bad]) == ("contradicted", bad)
    assert any_beyond([good, bad]) == ("supported", bad)
    assert any_beyond([good, open_])[0] == "undecided"
    assert any_beyond([good, good])[0] == "contradicted"


def test_cases_have_to_agree():
    assert agree(["supported", "supported"]) == "supported"
    assert agree(["supported", "contradicted"]) == "undecided"


def test_equality_exact_tests_and_separate_thresholds_decide_components() -> None:
    assert Component("x", 1.02, 0.9, 1.1, 1, 1).verdict == "supported"
    assert Component("x", 1.3, 1.2, 1.4, 1, 1).verdict == "contradicted"
    assert Component("x", 1.0, np.nan, np.nan, 1, 1).verdict == "undecided"
    assert Component("x", 0.2, 0.15, 0.24, most=0.1, refuted_above=0.25).verdict == "undecided"
    assert Component("x", 0.4, 0.3, 0.5, most=0.1, refuted_above=0.25).verdict == "contradicted"
    assert Component("x", 0.05, 0, 0.09, most=0.1, refuted_above=0.25).verdict == "supported"
    assert Component("x", 0.8, np.nan, np.nan, most=0, decision="undecided").verdict == "undecided"
