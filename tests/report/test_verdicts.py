"""The first screen: claims once each, their runs and scopes as cells, their intervals as a forest."""

import pandas as pd
import pytest

from gradnoise.claims.scheme.component import CONTRADICTED, NOT_TESTABLE, OPEN, SUPPORTED
from gradnoise.report import verdicts
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, NETWORKS

WORDS = {
    "measured_quantity": "rise of the percentage",
    "network": "cnn",
    "quantity": "linear1",
    "holds_under": "n = 600",
    "fails_under": "",
    "open_under": "constants left out",
    "would_decide": "",
    "decides_key": "",
    "reason": "",
    "unit_of_noise": "3 training seeds",
}


def claim(name, run, scope, verdict, measured, standardised, **others):
    ends = dict(zip(("standardised_lower", "standardised_upper"), standardised[1:], strict=True))
    return {
        **WORDS,
        **{"claim": name, "group": "gradient noise", "statement": f"The {name} is so"},
        **{"origin": "paper", "run": run, "scope": scope, "verdict": verdict, "unit": "points"},
        **{"measured": measured, "lower": measured - 1.25, "upper": measured + 1.5},
        **{"threshold": "> -3", "standardised": standardised[0], **ends},
        **others,
    }


CLAIMS = pd.DataFrame(
    [
        claim("rise", "cnn", NETWORKS, SUPPORTED, 4.26, (2.4, 2.0, 2.9)),
        claim("rise", "cnn", ARCHITECTURE, OPEN, 4.31, (2.4, -0.5, 5.0), would_decide="2 seeds"),
        claim("rise", "shuffled", NETWORKS, CONTRADICTED, -7.5, (-4.5, -5.0, -2.0)),
        claim("lead", "shuffled", NETWORKS, SUPPORTED, 1.5, (1.0, 0.5, 1.4)),
        claim("lead", "cnn", "", NOT_TESTABLE, float("nan"), (float("nan"),) * 3, reason="needs 2"),
        claim("law", "plain", NETWORKS, SUPPORTED, 1.02, (0.8, 0.5, 1), group="dynamics", unit=""),
        claim(
            "fixed",
            "cnn",
            "",
            NOT_TESTABLE,
            float("nan"),
            (float("nan"),) * 3,
            reason="needs CIFAR",
        ),
    ]
)


def component(name, run, scope, worst, value, lower, upper):
    return {
        **{"claim": name, "run": run, "scope": scope, "component": "conv1", "worst": worst},
        **{"standardised": value, "standardised_lower": lower, "standardised_upper": upper},
    }


COMPONENTS = pd.DataFrame(
    [
        component("rise", "cnn", NETWORKS, True, 2.4, 2.0, 2.9),
        component("rise", "cnn", NETWORKS, False, 1.5, 0.3, 2.7),
        component("rise", "shuffled", NETWORKS, False, float("nan"), float("nan"), float("nan")),
        component("lead", "shuffled", NETWORKS, False, 0.6, float("nan"), float("nan")),
    ]
)


@pytest.fixture(scope="module")
def groups():
    return verdicts.matrices(CLAIMS, COMPONENTS)


def row(groups, name):
    return next(one for group in groups for one in group["rows"] if one["name"] == name)


def test_every_claim_stands_once_in_its_group_and_one_without_a_test_not_at_all(groups):
    names = [(group["group"], [one["name"] for one in group["rows"]]) for group in groups]
    assert names == [("gradient noise", ["rise", "lead"]), ("dynamics", ["law"])]


def test_columns_are_the_group_s_own_and_a_run_s_scopes_stand_together(groups):
    columns = [(one["run"], one["scope"]) for one in groups[0]["columns"]]
    assert columns == [("cnn", NETWORKS), ("cnn", ARCHITECTURE), ("shuffled", NETWORKS)]
    assert [one["run"] for one in groups[1]["columns"]] == ["plain"]


def test_cell_holds_symbol_number_and_threshold_in_its_own_column(groups):
    cells = row(groups, "rise")["cells"]
    assert [cell["symbol"] for cell in cells] == ["✓", "?", "✗"]
    assert [cell["value"] for cell in cells] == ["4.3", "4.3", "−7.5"]
    assert {cell["threshold"] for cell in cells} == {"> −3"}
    assert row(groups, "lead")["cells"][:2] == [None, None]
    assert row(groups, "law")["cells"][0]["value"] == "1.02"  # no points: three significant digits


def test_claim_s_own_verdict_is_contradicted_where_a_run_contradicts_it(groups):
    assert row(groups, "rise")["verdict"] == CONTRADICTED
    assert row(groups, "lead")["verdict"] == SUPPORTED


def test_forest_places_intervals_on_an_axis_of_three_margins_to_either_side(groups):
    networks, architecture, shuffled = row(groups, "rise")["forest"]["lines"]
    assert networks["deciding"] == {"value": 180, "lower": 166.7, "upper": 196.7, "beyond": 0}
    assert networks["others"] == [{"value": 150, "lower": 110, "upper": 190, "beyond": 0}]
    assert architecture["deciding"]["upper"] == 200  # cut at the axis' end
    assert shuffled["deciding"]["value"] == 0
    assert shuffled["deciding"]["beyond"] == -1
    assert shuffled["others"] == []  # not measured


def test_component_without_an_interval_is_a_point(groups):
    (line,) = row(groups, "lead")["forest"]["lines"]
    assert line["others"] == [{"value": 120, "lower": 120, "upper": 120, "beyond": 0}]


def test_of_many_components_those_nearest_to_the_threshold_are_drawn():
    many = [
        component("rise", "cnn", NETWORKS, False, value / 10, value / 10, value / 10)
        for value in range(-verdicts.THIN, verdicts.THIN)
    ]
    found = verdicts.matrices(CLAIMS, pd.DataFrame(many))
    others = row(found, "rise")["forest"]["lines"][0]["others"]
    assert len(others) == verdicts.THIN
    assert max(abs(one["value"] - 100) for one in others) == pytest.approx(40)


def test_details_say_interval_robustness_and_what_would_decide(groups):
    networks, architecture, _ = row(groups, "rise")["details"]
    assert networks["measured"] == "4.3 [3.0, 5.8] points"
    assert networks["robustness"] == "holds under n = 600; open under constants left out"
    assert networks["would_decide"] == ""
    assert architecture["would_decide"] == "2 seeds"


@pytest.mark.parametrize(
    ("threshold", "shown"),
    [
        ("between -1.95996 and 1.95996", "between −1.96 and 1.96"),
        ("< 4.88833", "< 4.89"),
        ("> 92", "> 92"),
        ("< -0.0953102 or > 0.0953102", "< −0.0953 or > 0.0953"),
    ],
)
def test_thresholds_have_as_many_digits_as_are_read(threshold, shown):
    found = verdicts.matrices(CLAIMS.assign(threshold=threshold), COMPONENTS)
    assert row(found, "rise")["cells"][0]["threshold"] == shown
    assert row(found, "rise")["details"][0]["threshold"] == shown


def test_key_that_would_decide_is_named():
    claims = CLAIMS.assign(would_decide="2 more seeds", decides_key="training.seeds")
    found = row(verdicts.matrices(claims, COMPONENTS), "rise")["details"][0]
    assert found["would_decide"] == "2 more seeds (training.seeds)"


def test_untestable_claim_is_named_with_its_reasons_only_where_no_run_tests_it():
    assert verdicts.untestable(CLAIMS) == [
        {"statement": "The fixed is so", "origin": "paper", "reason": "needs CIFAR"}
    ]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (-12.34, "points", "−12.3"),
        (0.01234, "", "0.0123"),
        (float("inf"), "", "∞"),
        (float("nan"), "points", "–"),
    ],
)
def test_numbers_are_printed_as_their_unit_asks(value, unit, text):
    assert verdicts.number(value, unit) == text


def test_every_word_of_a_detail_and_of_a_cell_stands_in_its_place():
    words = {name: f"its {name}" for name in WORDS if name not in ("open_under",)}
    claims = CLAIMS.assign(**words, open_under="its open_under")
    found = row(verdicts.matrices(claims, COMPONENTS), "rise")
    assert (found["statement"], found["origin"], found["measured"], found["name"]) == (
        *("The rise is so", "paper", "its measured_quantity", "rise"),
    )
    networks, architecture, shuffled = found["details"]
    assert networks == {
        **{"run": "cnn", "scope": NETWORKS, "network": "its network", "verdict": SUPPORTED},
        **{"symbol": "✓", "measured": "4.3 [3.0, 5.8] points", "threshold": "> −3"},
        **{"quantity": "its quantity", "noise": "its unit_of_noise", "reason": "its reason"},
        "robustness": "holds under its holds_under; fails under its fails_under; open under its open_under",
        "would_decide": "its would_decide (its decides_key)",
    }
    assert (architecture["scope"], architecture["symbol"]) == (ARCHITECTURE, "?")
    assert (shuffled["run"], shuffled["verdict"], shuffled["measured"]) == (
        *("shuffled", CONTRADICTED, "−7.5 [−8.8, −6.0] points"),
    )
    law = row(verdicts.matrices(claims, COMPONENTS), "law")["details"][0]
    assert law["measured"] == "1.02 [-0.23, 2.52]".replace("-", "−")
    assert found["cells"][0] == {
        **{"symbol": "✓", "verdict": SUPPORTED, "value": "4.3", "threshold": "> −3"},
    }


def test_lines_of_a_forest_stand_below_each_other_with_their_names(groups):
    forest = row(groups, "rise")["forest"]
    assert forest["height"] == 29
    assert [line["y"] for line in forest["lines"]] == [5.5, 14.5, 23.5]
    assert [line["label"] for line in forest["lines"]] == [
        f"cnn, {NETWORKS}: {SUPPORTED}",
        f"cnn, {ARCHITECTURE}: {OPEN}",
        f"shuffled, {NETWORKS}: {CONTRADICTED}",
    ]
    assert [line["verdict"] for line in forest["lines"]] == [SUPPORTED, OPEN, CONTRADICTED]


def test_an_estimate_without_interval_has_none_in_words():
    claims = CLAIMS.assign(lower=float("nan"), upper=float("nan"))
    found = row(verdicts.matrices(claims, COMPONENTS), "rise")["details"][0]
    assert found["measured"] == "4.3 points"


def test_reasons_of_an_untestable_claim_stand_once_each():
    rows = [
        claim("fixed", run, "", NOT_TESTABLE, float("nan"), (float("nan"),) * 3, reason=reason)
        for run, reason in (("a", "needs CIFAR"), ("b", "needs seeds"), ("c", "needs CIFAR"))
    ]
    (found,) = verdicts.untestable(pd.DataFrame(rows))
    assert found["reason"] == "needs CIFAR; needs seeds"
