"""The list of deliberate errors fits today's code (`make mutants` tries them)."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from mutants.run import ROOT, Mutant, forget, misfits, mutants, table

MUTANTS = mutants()


def test_every_snippet_occurs_once_and_its_replacement_is_code() -> None:
    assert misfits(MUTANTS) == []
    for mutant in MUTANTS:
        assert mutant.old != mutant.new, str(mutant)
        if mutant.file.endswith(".py"):
            ast.parse(mutant.text(), filename=str(mutant))


def test_no_two_entries_are_the_same() -> None:
    assert [
        m for m, count in Counter((m.file, m.old, m.new) for m in MUTANTS).items() if count > 1
    ] == []


def test_every_entry_names_tests_that_there_are() -> None:
    named = {(str(mutant), test) for mutant in MUTANTS for test in mutant.tests}
    assert {mutant for mutant in map(str, MUTANTS) if mutant not in dict(named)} == set()
    for mutant, test in sorted(named):
        file, *names = test.split("::")
        assert (ROOT / file).exists(), (mutant, test)
        for name in names:
            assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(), (mutant, test)


def test_many_errors_of_every_package_are_listed_and_fifteen_are_tried_with_the_tests() -> None:
    assert len(MUTANTS) >= 400
    packages = {path.name for path in (ROOT / "src/gradnoise").iterdir() if path.is_dir()}
    there = {mutant.file.split("/")[2] for mutant in MUTANTS if mutant.file.startswith("src")}
    assert packages - there - {"__pycache__"} == set()
    sample = [mutant for mutant in MUTANTS if mutant.sample]
    assert len(sample) == 15
    assert len({mutant.area for mutant in sample}) >= 12
    assert not any(mutant.left for mutant in sample)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "law.py").write_text("variance = total / (n - 1)\nmean = total / n\n")
    return tmp_path


@pytest.mark.parametrize(("old", "times"), [("total / m", 0), ("total /", 2)])
def test_a_snippet_that_is_gone_or_stands_twice_is_refused(
    tree: Path, old: str, times: int
) -> None:
    mutant = Mutant("moments", "law.py", "n for n - 1", old, "x", ())
    with pytest.raises(ValueError, match=f"moments: law.py: n for n - 1: found {times} times"):
        mutant.text(tree)


def test_a_snippet_is_replaced(tree: Path) -> None:
    mutant = Mutant("moments", "law.py", "n for n - 1", "/ (n - 1)", "/ n", ())
    assert mutant.text(tree) == "variance = total / n\nmean = total / n\n"


def test_kernels_that_import_the_altered_module_are_compiled_anew_and_no_others(
    tmp_path: Path,
) -> None:
    compiled = [
        tmp_path / "src/gradnoise" / name
        for name in (
            "gaussianity/__pycache__/kernels.locate_rows-56.py311.nbi",
            "gaussianity/statistics/__pycache__/shape.shape_rows-60.py311.nbi",
            "gaussianity/statistics/__pycache__/shape.shape_rows-60.py311.1.nbc",
            "tails/__pycache__/growth.add-20.py311.nbi",
        )
    ]
    for path in compiled:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    gone = {tmp_path / path for path in forget(tmp_path, "src/gradnoise/gaussianity/kernels.py")}
    assert gone == set(compiled[:3])
    assert [path.exists() for path in compiled] == [False, False, False, True]


def entries(area: str, noticed: int, missed: int, left: str = "") -> dict[Mutant, bool]:
    found = {Mutant(area, "law.py", str(k), "a", "b", ()): True for k in range(noticed)}
    return found | {
        Mutant(area, "law.py", f"-{k}", "a", "b", (), left): False for k in range(missed)
    }


def test_the_table_counts_by_area_and_names_what_is_left() -> None:
    said, enough = table(entries("laws", 18, 2, "equivalent") | entries("moments", 30, 0))
    assert enough
    assert [line.split() for line in said.splitlines()[:4]] == [
        ["area", "tried", "noticed", "left"],
        ["laws", "20", "18", "90%", "2"],
        ["moments", "30", "30", "100%", "0"],
        ["all", "50", "48", "96%", "2"],
    ]
    assert "not noticed: laws: law.py: -1: equivalent" in said


@pytest.mark.parametrize(
    ("found", "enough"),
    [
        (entries("laws", 19, 1), True),
        (entries("laws", 18, 2), False),  # 90 % of the area, and of all
        (entries("laws", 8, 1) | entries("moments", 91, 0), False),  # 89 % of the area, 99 % of all
        (entries("laws", 9, 1) | entries("moments", 86, 4), True),
        (entries("laws", 9, 1) | entries("moments", 85, 5), False),  # 94 % of all
    ],
)
def test_nine_in_ten_of_every_area_and_nineteen_in_twenty_of_all_are_asked(
    found: dict[Mutant, bool], enough: bool
) -> None:
    assert table(found)[1] is enough
