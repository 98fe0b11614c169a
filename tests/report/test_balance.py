"""What the page says of the balance stage."""

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
