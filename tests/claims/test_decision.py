"""How claims become rows of the two tables."""

from dataclasses import replace

import numpy as np
import pytest

from example_claims import BY_NAME, evidence, rising, row, verdict
from example_results import ALEXNET
from gradnoise.claims.claim import Claim, deciding, once
from gradnoise.claims.decision import decide
from gradnoise.claims.evidence import Evidence, need
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.decision import some


def claim(measure, **changed) -> Claim:
    words = ("all_well", "All is well", "gradient noise", "paper", "how well it is")
    return replace(Claim(*words, measure=measure, cases=once), **changed)


def test_two_hundred_batches_decide_or_else_the_fewest():
    assert deciding([100, 200, 600]) == 200
    assert deciding([600, 300]) == 300


def test_the_papers_convention_decides_and_others_stand_beside():
    # Half of the coordinates are constant: counted as Gaussian they lift 6 % to 53 %, left out they do not.
    run = evidence(
        lambda la, e, size, n: {64: 6.0, 256: 50.0, 1024: 90.0}[size] if la == "conv4" else 60.0,
        ALEXNET,
        "alexnet",
        dead=0.5,
        directions=2.0,
    )
    found = row("alexnet_fourth_convolution", run)
    assert (found["verdict"], found["quantity"]) == ("contradicted", "conv4 at batch size 64")
    assert found["measured"] == pytest.approx(53, abs=0.3)
    assert found["holds_under"] == "constants left out; random directions; Anderson-Darling"
    assert (found["fails_under"], found["open_under"]) == ("n = 600", "")


def test_cases_that_cannot_be_measured_are_left_out():
    run = evidence(rising, directions=np.nan)
    found = row("rises_with_batch_size", run)
    assert found["holds_under"] == "n = 600; constants left out; Anderson-Darling"
    assert found["open_under"] == "random directions"


def test_there_is_a_row_for_each_scope_that_seeds_allow():
    many = decide(BY_NAME["rises_with_batch_size"], Experiment([evidence(rising)])).claims
    assert [found["scope"] for found in many] == ["these networks", "the architecture"]
    assert [found["unit_of_noise"] for found in many] == ["repeats of the draws", "training seeds"]
    (one,) = decide(
        BY_NAME["rises_with_batch_size"], Experiment([evidence(rising, seeds=2)])
    ).claims
    assert one["scope"] == "these networks"


@pytest.mark.parametrize(("repeats", "expected"), [(2, "not testable here"), (3, "supported")])
def test_fewer_than_three_repeats_decide_nothing(repeats, expected):
    for seeds in (1, 3):
        found = row("rises_with_batch_size", evidence(rising, seeds=seeds, repeats=repeats))
        assert found["verdict"] == expected
    assert (found["reason"] == "needs 3 repeats of the draws (noise.repeats)") == (repeats == 2)


def test_every_subject_has_its_row_whether_it_can_be_tested_or_not():
    runs = [evidence(rising, name="few", repeats=2), evidence(rising, name="many", seeds=1)]
    found = decide(BY_NAME["rises_with_batch_size"], Experiment(runs)).claims
    assert [(one["run"], one.get("scope")) for one in found] == [
        ("few", None),
        ("many", "these networks"),
    ]
    assert found[0]["verdict"] == "not testable here"


def test_a_claim_that_only_one_scope_can_speak_of_has_no_row_for_the_other():
    def measure(run: Evidence, scope: str) -> list[Component]:
        need(scope == "the architecture", "three seeds")
        return [Component("x", 5.0, 1.0, least=0.0)]

    many = decide(claim(measure), Experiment([evidence(rising)])).claims
    assert [(one["scope"], one["verdict"]) for one in many] == [("the architecture", "supported")]
    (few,) = decide(claim(measure), Experiment([evidence(rising, seeds=2)])).claims
    assert (few["verdict"], few["reason"]) == ("not testable here", "needs three seeds")


def test_open_claims_say_what_would_decide_them_and_which_key_sets_it():
    def measure(run: Evidence, scope: str) -> list[Component]:
        return [Component("x", 5.0, 2.5, 2, least=0.0)]

    networks, architecture = decide(claim(measure), Experiment([evidence(rising)])).claims
    assert architecture["verdict"] == "open"
    assert architecture["would_decide"] == "about 3 more training seeds"
    assert architecture["decides_key"] == "training.seeds"
    assert networks["decides_key"] == "noise.repeats"
    silent = decide(claim(measure, noise=lambda *_: None), Experiment([evidence(rising)])).claims
    assert {one["would_decide"] for one in silent} == {""}
    decided = row("rises_with_batch_size", evidence(rising))
    assert (decided["would_decide"], decided["decides_key"]) == ("", "")


def test_components_carry_their_range_and_which_one_decides():
    def measure(run: Evidence, scope: str) -> list[Component]:
        return [
            Component("conv1", 9.0, 0.5, 4, least=1.0, margin=2.0),
            Component("conv2", 4.0, 0.5, 4, least=1.0, margin=2.0),
        ]

    rows = decide(claim(measure), Experiment([evidence(rising, seeds=1)]))
    first, second = rows.components
    assert (first["component"], first["worst"], second["worst"]) == ("conv1", False, True)
    assert (second["value"], second["error"], second["degrees"]) == (4.0, 0.5, 4)
    assert second["lower"] == pytest.approx(4 - 2.776445 * 0.5)
    assert second["standardised"] == 1.5
    (head,) = rows.claims
    assert (head["quantity"], head["measured"], head["threshold"]) == ("conv2", 4.0, "> 1")
    assert (head["lower"], head["standardised"]) == (second["lower"], 1.5)


def test_standardised_numbers_speak_for_a_claim_above_zero_also_where_something_has_to_differ():
    def measure(run: Evidence, scope: str) -> list[Component]:
        return [Component("conv1", 9.0, 0.5, least=-3.0, most=3.0)]

    (found,) = decide(claim(measure, rule=some), Experiment([evidence(rising, seeds=1)])).claims
    assert (found["verdict"], found["threshold"]) == ("supported", "< -3 or > 3")
    assert found["standardised"] == pytest.approx(2.0)
    assert found["standardised_lower"] == pytest.approx((6 - 1.959964 * 0.5) / 3)
    assert found["standardised_upper"] == pytest.approx((6 + 1.959964 * 0.5) / 3)


def test_claims_that_need_other_stages_say_which_and_are_never_decided():
    for name in ("finite_variance", "tail_index_to_two"):
        found = row(name, evidence(rising))
        assert found["verdict"] == "not testable here"
        assert found["reason"].startswith("needs ")


def test_a_claim_without_any_subject_has_one_row_without_run():
    (found,) = decide(BY_NAME["variance_exactly_predicted"], Experiment([])).claims
    assert "run" not in found
    assert verdict("variance_exactly_predicted") == "not testable here"


def test_every_word_of_a_row_is_the_claims_own():
    words = ("name", "All is well", "ours", "gradnoise", "how well")
    made = Claim(
        *words,
        measure=lambda run, scope: [
            Component("x", 5.0, 2.5, 7, least=1.0, most=8.0, margin=2.0),
            Component("y", 4.0, 0.1, 3, least=1.0, most=8.0),
        ],
        cases=once,
        unit="metres",
        remark=lambda run: "a remark",
    )
    found = decide(made, Experiment([evidence(rising, seeds=1, repeats=4)]))
    (one,) = found.claims
    shown = {"claim": "name", "statement": "All is well", "group": "ours", "origin": "gradnoise"}
    shown |= {"measured_quantity": "how well", "unit": "metres", "reason": "a remark"}
    shown |= {"quantity": "x", "measured": 5.0, "least": 1.0, "most": 8.0, "verdict": "open"}
    shown |= {"threshold": "between 1 and 8", "unit_of_noise": "repeats of the draws"}
    shown |= {"decides_key": "noise.repeats", "repeats": 4, "seeds": "0", "run": "run"}
    assert {name: one[name] for name in shown} == shown
    first, second = found.components
    assert (first["component"], first["error"], first["degrees"]) == ("x", 2.5, 7)
    assert (first["verdict"], second["verdict"], second["least"]) == ("open", "supported", 1.0)
    half = 2.364624 * 2.5
    assert (first["lower"], first["upper"]) == pytest.approx((5 - half, 5 + half))
    # From the nearer end, 8, in half widths of 3.5; the interval holds the middle of the range.
    assert first["standardised"] == pytest.approx(3 / 3.5)
    assert first["standardised_upper"] == 1.0
    assert first["standardised_lower"] == pytest.approx((8 - 5 - half) / 3.5)


def test_cases_stand_by_what_becomes_of_them():
    values = {"a": 9.0, "b": -9.0, "c": 0.1, "d": 8.0, "e": None, "f": -8.0}

    def measure(run: Evidence, scope: str, name: str) -> list[Component]:
        need(values[name] is not None, "a number")
        return [Component("x", values[name], 1.0, least=0.0)]

    made = claim(measure, cases=lambda run: {name: (name,) for name in values})
    (found,) = decide(made, Experiment([evidence(rising, seeds=1)])).claims
    assert (found["measured"], found["verdict"]) == (9.0, "supported")
    names = ("holds_under", "fails_under", "open_under")
    assert [found[name] for name in names] == ["d", "b; f", "c"]
    assert found["would_decide"] == ""
