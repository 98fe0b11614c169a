"""Pages whose numbers come from runs: every number is the table's, and none was typed."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

import page_numbers
import pages
from gradnoise.claims.balance.laws import CLAIMS

# What a template may say in digits: names, and what was neither measured nor set.
NAMES = re.compile(
    r"\bdepth \d|\bconv\d|\blinear\d|ResNet-\d+|CIFAR-10|cifar10|\bL2 penalty|\barXiv \S+|\bindex rises towards 2\b|\bat least 1\b"
    r"|\b5 % |\b95 %|\"[^\"]*\""  # levels; and what the paper's text says
)
CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|^```.*?^```|`[^`]*`|\]\([^)]*\)", re.S | re.M)


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_page_is_what_its_template_and_tables_say(name):
    """Write it anew with `python workflow/pages.py`."""
    assert (pages.DOCS / f"{name}.md").read_text() == pages.page(name)


@pytest.mark.parametrize("name", ["balance", "cifar10", "dynamics"])
def test_no_number_is_typed(name):
    """The paper's map is full of the paper's own numbers: its verdicts are held by its own test."""
    prose = NAMES.sub("", CODE.sub("", (pages.DOCS / f"templates/{name}.md").read_text()))
    headings = re.compile(r"^#+ \d+\. ", re.M)
    typed = [line for line in headings.sub("", prose).splitlines() if re.search(r"\d", line)]
    assert typed == []


@pytest.mark.parametrize("name", pages.PAGES)
def test_tables_behind_a_page_are_small_and_all_are_read(name):
    folder = pages.DOCS / "data" / name
    files = {str(path.relative_to(folder).with_suffix("")): path for path in folder.rglob("*.csv")}
    assert sum(path.stat().st_size for path in files.values()) < 1e6
    assert pages.rendered(name, pages.DOCS)[1] == set(files)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A page of two tables."""
    data = tmp_path / "data/small"
    data.mkdir(parents=True)
    (tmp_path / "templates").mkdir()
    pd.DataFrame({"run": ["a", "a", "b"], "epoch": [1, 7, 1], "rate": [0.25, -0.125, 4e-7]}).to_csv(
        data / "rates.csv", index=False
    )
    return tmp_path


def write(docs: Path, text: str) -> str:
    (docs / "templates/small.md").write_text(text)
    return pages.page("small", docs)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{{ row("rates", run="a", epoch=7).rate | fixed(2) }}', "−0.12"),
        ('{{ row("rates", run="b").rate | fixed(2) }}', "0.00"),
        ('{{ row("rates", run="b").rate | scientific }}', "4.0e−07"),
        ('{{ row("rates", run="a", epoch=1).rate | percent(1) }} %', "25.0 %"),
        ('{{ values("rates", "rate", run="a") | spread(3) }}', "−0.125 to 0.250"),
        ('{{ values("rates", "rate", run="a", epoch=7) | spread(3) }}', "−0.125"),
        ('{{ values("rates", "epoch", run=["b", "a"]) | mean | fixed(1) }}', "3.0"),
        ('{{ rows("rates", epoch=1) | length }}', "2"),
    ],
)
def test_a_template_takes_numbers_by_their_key(docs, template, expected):
    assert write(docs, template) == expected


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{ row("rates", run="c").rate }}', "no row of {'run': 'c'}"),
        ('{{ row("rates", run="a").rate }}', "2 rows of {'run': 'a'}, not one"),
    ],
)
def test_a_key_that_is_not_one_row_is_refused(docs, template, said):
    with pytest.raises(LookupError, match=re.escape(said)):
        write(docs, template)


def test_a_column_that_is_not_there_is_refused(docs):
    with pytest.raises(Exception, match="speed"):
        write(docs, '{{ row("rates", run="b").speed | fixed }}')


CLAIM = {
    "claim": "rise",
    "verdict": "supported",
    "quantity": "conv1: rise",
    "measured": 25.04,
    "lower": 20.41,
    "upper": 29.59,
    "threshold": "> 0",
    "reason": "",
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "**supported** (conv1: rise: 25.0 [20.4, 29.6], claimed > 0)"),
        ({"lower": float("nan")}, "**supported** (conv1: rise: 25.0, claimed > 0)"),
        ({"lower": 25.04, "upper": 25.04}, "**supported** (conv1: rise: 25.0, claimed > 0)"),
        (
            {"verdict": "not testable here", "measured": float("nan"), "reason": "needs more"},
            "**not testable here** (needs more)",
        ),
    ],
)
def test_a_verdict_is_said_with_what_it_stands_on(changed, expected):
    assert page_numbers.verdict(CLAIM | changed) == expected


def test_a_setting_is_the_overlays_or_the_default(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("noise:\n  repeats: 7\n")
    assert page_numbers.setting(overlay, "noise.repeats") == 7
    assert page_numbers.setting(overlay, "noise.coordinates") == 200
    with pytest.raises(LookupError, match=r"noise\.nothing is not set"):
        page_numbers.setting(overlay, "noise.nothing")


def test_the_kept_tables_are_the_results_with_the_columns_that_were_kept(docs, tmp_path):
    results = tmp_path / "results"
    (results / "tables").mkdir(parents=True)
    found = pd.DataFrame({"other": [1, 2], "rate": [1 / 3, 2e-9 / 3], "epoch": [3, 4]})
    found.assign(run="a").to_csv(results / "tables/rates.csv", index=False)
    (results / "claims.csv").write_text("claim,verdict,reason\nrise,open,\n")
    (docs / "data/small/claims.csv").write_text("verdict,claim\n")
    (docs / "data/small/costs.csv").write_text("network,seconds\ncnn,3\n")  # by hand
    pages.keep("small", results, docs)
    kept = {path.stem: path.read_text() for path in (docs / "data/small").iterdir()}
    assert kept == {
        "rates": "run,epoch,rate\na,3,0.333333\na,4,6.66667e-10\n",
        "claims": "verdict,claim\nopen,rise\n",
        "costs": "network,seconds\ncnn,3\n",
    }


LAYERS = {
    # Layer: coverage, then predicted and measured percentages at two batch sizes.
    "first": (0.9, (50.0, 90.0), (46.0, 91.0)),
    "second": (0.5, (20.0, 70.0), (21.0, 70.5)),
    "third": (0.4, (10.0, 20.0), (80.0, 80.0)),  # not covered
}


def test_errors_of_predictions_are_over_covered_layers(tmp_path):
    rows = [
        {
            "run": "a",
            "epoch": 3,
            "batches": 200,
            "layer": layer,
            "batch_size": size,
            "repeat": repeat,
        }
        | {
            "predicted_percentage": predicted[place],
            "measured_percentage": measured[place] + repeat,
        }
        | {"coverage": coverage, "coordinates": 30}
        for layer, (coverage, predicted, measured) in LAYERS.items()
        for place, size in enumerate((64, 256))
        for repeat in (-2, 0, 2)
    ]
    few = {**rows[0], "layer": "first", "batch_size": 1024, "coordinates": 29, "coverage": 0.9}
    other = {**rows[0], "epoch": 4, "measured_percentage": 0.0}
    pd.DataFrame([*rows, few, other]).to_csv(tmp_path / "prediction.csv", index=False)
    found = page_numbers.prediction(pages.Tables(tmp_path), "a", 3, 200)
    assert (found["cells"], found["layers"], found["covered"]) == (4, 3, 2)
    assert found["coverage"] == pytest.approx(0.6)
    assert found["least_coverage"] == pytest.approx(0.4)
    # Measured minus predicted: -4, 1, 1 and 0.5 points.
    assert found["absolute"] == pytest.approx(6.5 / 4)
    assert found["mean"] == pytest.approx(-1.5 / 4)
    assert found["within"] == pytest.approx(3 / 4)
    assert found["ceiling"] == pytest.approx((49 + 4 + 74 + 24.5) / 4)


@pytest.mark.parametrize(
    ("value", "lower", "upper", "expected"),
    [
        (1000.4, 900.0, 65536.0, "1,000 [900, 65,536]"),
        (1000.0, 900.0, float("inf"), "1,000 [900, > 65,536]"),
        (float("inf"), float("inf"), float("inf"), "> 65,536"),
        (float("nan"), float("nan"), float("nan"), "none"),
    ],
)
def test_batch_sizes_beyond_the_largest_are_not_known(value, lower, upper, expected):
    name = "gaussian_batch_size"
    layer = {name: value, f"{name}_lower": lower, f"{name}_upper": upper}
    assert page_numbers.batch_size_needed(layer) == expected


def test_verdicts_on_noise_balance_are_reached_from_the_pages_tables(tmp_path):
    shutil.copytree(pages.DOCS / "data/balance", tmp_path / "balance")
    found = page_numbers.verdicts(pages.Tables(tmp_path / "balance"), CLAIMS)
    assert found["exact_stationary_laws"]["verdict"] == "open"
    laws = pd.read_csv(tmp_path / "balance/balance_laws.csv")
    laws.assign(distance=laws["distance"] - 0.004).to_csv(tmp_path / "balance/balance_laws.csv")
    nearer = page_numbers.verdicts(pages.Tables(tmp_path / "balance"), CLAIMS)
    assert nearer["exact_stationary_laws"]["verdict"] == "supported"
