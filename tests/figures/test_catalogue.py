"""Figures declare themselves in their modules, and are read without being imported."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from gradnoise.figures import catalogue

FOLDER = Path(catalogue.__file__).parent
DECLARED = '"""Title\n\nA caption\nof two lines.\n"""\n\nREADS = "clt"\nNEEDS = ("noise",)\n'


def test_every_module_that_can_be_run_is_a_figure():
    run = {
        ".".join(["gradnoise.figures", *path.relative_to(FOLDER).with_suffix("").parts])
        for path in FOLDER.rglob("*.py")
        if 'if __name__ == "__main__"' in path.read_text()
    }
    assert run == {entry.module for entry in catalogue.entries().values()}


def test_page_begins_with_the_headline_and_names_nothing_that_is_gone():
    assert next(iter(catalogue.entries())) == catalogue.HEADLINE
    assert set(catalogue.ORDER) <= set(catalogue.entries())


def test_every_figure_has_a_title_and_a_caption():
    for entry in catalogue.entries().values():
        assert 0 < len(entry.title) < 60
        assert entry.caption.endswith(".")


def test_declarations_are_those_of_the_source(tmp_path):
    (tmp_path / "clt").mkdir()
    (tmp_path / "clt" / "new.py").write_text(DECLARED + 'SUBSPACE = "model"\n')
    (tmp_path / "helper.py").write_text('"""No figure."""\n')
    assert catalogue.entries(tmp_path) == {
        "new": catalogue.Entry(
            name="new",
            module="gradnoise.figures.clt.new",
            title="Title",
            caption="A caption of two lines.",
            reads="clt",
            subspace="model",
            needs=("noise",),
            coloured=False,
        )
    }


def test_figures_that_take_no_colours_from_the_style_have_none(tmp_path):
    for name, line in (
        ("plain", "style.apply(settings)"),
        ("coloured", "colours = style.apply(settings)"),
    ):
        (tmp_path / f"{name}.py").write_text(f"{DECLARED}\ndef draw(settings):\n    {line}\n")
    entries = {**catalogue.entries(tmp_path), **catalogue.entries()}
    names = ("plain", "coloured", "tail_indices", "training_curves")
    found = {name: entries[name].coloured for name in names}
    assert found == {
        "plain": False,
        "coloured": True,
        "tail_indices": False,
        "training_curves": True,
    }


def test_figures_without_a_place_follow_by_name(tmp_path):
    for name in ("zeta", "alpha", "coordinates", "temperature"):
        (tmp_path / f"{name}.py").write_text(DECLARED)
    assert list(catalogue.entries(tmp_path)) == ["temperature", "coordinates", "alpha", "zeta"]


@pytest.mark.parametrize(
    ("before", "after"),
    [('("noise",)', '("sound",)'), ('"clt"', '"cltt"'), (DECLARED.partition("READS")[0], "")],
    ids=["condition", "stage", "title"],
)
def test_unknown_declarations_are_named(before, after, tmp_path):
    (tmp_path / "wrong.py").write_text(DECLARED.replace(before, after))
    with pytest.raises(ValueError, match=r"gradnoise\.figures\.wrong"):
        catalogue.entries(tmp_path)


def test_two_figures_of_one_name_are_refused(tmp_path):
    for folder in ("clt", "tails"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.py").write_text(DECLARED)
    with pytest.raises(ValueError, match="has the same name"):
        catalogue.entries(tmp_path)


def test_docstrings_are_plain_text():
    for entry in catalogue.entries().values():
        path = FOLDER.parent.joinpath(*entry.module.split(".")[1:]).with_suffix(".py")
        docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
        assert "`" not in docstring, f"{entry.module}: the page shows no markup"


def test_catalogue_imports_neither_matplotlib_nor_pandas():
    program = (
        "import sys; from gradnoise.figures.catalogue import entries; assert len(entries()) > 9;"
        "assert not {'matplotlib', 'pandas', 'numpy', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
