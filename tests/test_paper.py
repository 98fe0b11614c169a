"""The map from the paper's items to what stands beside them: complete, and about what exists."""

import csv
import re

import pytest
import yaml

from example_config import DEFAULT, OVERLAYS, ROOT
from experiment import Experiment, merged
from gradnoise.claims.published import CLAIMS
from gradnoise.figures.catalogue import entries
from gradnoise.tables.columns import COLUMNS

PAGE = (ROOT / "docs/paper.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| item") and not line.startswith("| name")
]
COMMANDS = {row[0]: row[1] for row in ROWS if len(row) == 3}
ITEMS = [row for row in ROWS if len(row) != 3]


def named(kind: str) -> set[str]:
    """Everything that the page names as a claim, figure, module or test."""
    return set(re.findall(rf"\b{kind} `([^`]+)`", PAGE))


def test_every_row_has_its_five_cells_and_none_is_empty():
    assert len(ITEMS) > 50
    assert [row[0] for row in ITEMS if len(row) != 5 or not all(row)] == []


@pytest.mark.parametrize(
    "items",
    [
        [
            f"Figure {name}"
            for name in [
                "1a",
                "1b",
                "1c",
                "1d",
                "2a",
                "2b",
                "3a",
                "3b",
                "4a",
                "4b",
                "5b",
                "5c",
                "6",
                "7",
                "8",
                "9",
            ]
        ],
        [f"Table {number}" for number in (1, 2, 3, 4)],
        ["Assumption 1", "Lemma 1", "Lemma 2", "Theorem 1", "Proposition 1", "Proposition 2"],
    ],
    ids=["figures", "tables", "statements"],
)
def test_every_item_of_the_paper_has_a_row(items):
    kind = items[-1].split()[0]
    found = [row[0] for row in ITEMS]
    assert [name for name in found if name in items or name.split()[0] == kind] == items


def test_every_equation_is_in_one_row():
    ranges = [re.fullmatch(r"\((\d+)\)-\((\d+)\)", row[0]) for row in ITEMS]
    numbers = [n for found in ranges if found for n in range(int(found[1]), int(found[2]) + 1)]
    assert numbers == list(range(1, 71))


def test_claims_and_figures_that_are_named_exist_and_none_of_the_papers_claims_is_left_out():
    assert named("claim") <= {claim.name for claim in CLAIMS}
    assert named("claim") >= {claim.name for claim in CLAIMS if claim.origin == "paper"}
    assert named("figure") <= set(entries())
    assert len(named("claim")) > 15
    assert len(named("figure")) > 12


def test_modules_and_tests_that_are_named_exist():
    for module in named("module"):
        path = ROOT / "src" / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__init__.py").exists(), module
    for name in named("test"):
        file, _, function = name.partition("::")
        assert f"def {function}(" in (ROOT / file).read_text(), name
    assert len(named("module")) > 10


def test_columns_that_are_named_exist():
    found = re.findall(r"columns? ((?:`\w+`(?: and )?)+) of `tables/(\w+)\.csv`", PAGE)
    assert len(found) > 1
    for names, table in found:
        known = {column.name for column in COLUMNS[table]}
        assert set(re.findall(r"`(\w+)`", names)) <= known, (names, table)


def test_commands_are_those_of_the_first_table_and_their_overlays_exist():
    used = {name.strip() for row in ITEMS for name in row[4].split(",")}
    assert used == set(COMMANDS)
    overlays = re.findall(r"workflow/experiments/(\w+)\.yaml", PAGE)
    assert set(overlays) <= set(OVERLAYS)
    named_alike = {name for name in COMMANDS if name not in ("default", "tests")}
    assert named_alike == set(overlays)


def test_a_verdict_is_one_or_says_why_there_is_none():
    beginnings = ("supported", "contradicted", "open", "after a third", "not testable here: ", "shown", "proven", "by construction", "in ", "corrected")  # fmt: skip
    assert [row[0] for row in ITEMS if not row[3].startswith(beginnings)] == []


VERDICT = re.compile(r"(\w+) \(`(\w+)`: ([-−\d.]+)(?: \[([-−\d.]+), ([-−\d.]+)\])? for ([^)]*)\)")
CLAIM_TABLES = sorted(ROOT.glob("docs/data/**/claims.csv"))


def claim_rows() -> list[dict[str, str]]:
    """Rows of the claims of all runs behind the pages."""
    rows = []
    for path in CLAIM_TABLES:
        with path.open(newline="") as file:
            rows += csv.DictReader(file)
    return rows


def test_verdicts_of_the_page_are_those_of_the_runs_behind_it():
    found = [match.groups() for row in ITEMS for match in VERDICT.finditer(row[3])]
    assert len({claim for _, claim, *_ in found}) > 20
    for verdict, claim, value, lower, upper, threshold in found:
        digits = len(value.partition(".")[2])
        said = [value] if lower is None else [value, lower, upper]
        columns = ("measured", "lower", "upper")[: len(said)]
        behind = [
            (row["verdict"], row["threshold"], [f"{float(row[one]):.{digits}f}" for one in columns])
            for row in claim_rows()
            if row["claim"] == claim and row["measured"]
        ]
        numbers = [number.replace("−", "-") for number in said]
        assert (verdict, threshold, numbers) in behind, claim


def test_what_is_decided_by_the_runs_behind_the_pages_is_said_on_the_page():
    """A claim of the paper that one of them decides is not called untestable, and none is left out."""
    decided = {
        row["claim"]
        for row in claim_rows()
        if row["origin"] == "paper" and row["verdict"] in ("supported", "contradicted", "open")
    }
    said = {match[2] for row in ITEMS for match in VERDICT.finditer(row[3])}
    assert decided <= said


def test_the_run_behind_the_page_on_dynamics_can_be_run_again():
    found = yaml.safe_load((ROOT / "docs/data/dynamics/default.yaml").read_text())
    experiment = Experiment(merged(DEFAULT, found))
    assert experiment.runs["softmax_regression"].epochs == []
