"""Write the pages of docs/ whose numbers come from runs: out of their templates and the tables kept beside them.

python workflow/pages.py                                          every page anew, from docs/data
python workflow/pages.py keep balance results-balance             the tables behind a page, from finished results

A page's text is docs/templates/<page>.md, its tables docs/data/<page>/*.csv, or *.csv in a folder for every run. No
number that was measured is typed: a template takes it from a cell, and asks for the cell by its key.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

import page_numbers
from gradnoise.store.paths import Paths
from page_numbers import Row

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("balance", "cifar10", "dynamics", "geometry", "paper", "related", "reliability")
DIGITS = 6  # significant ones of the tables that are kept


class Tables:
    """The tables behind a page: every number by its table, column and key.

    Attributes:
        used: names of the tables that were asked for.
    """

    def __init__(self, folder: Path) -> None:
        """Args: folder: of the CSV files."""
        self.folder = folder
        self.used: set[str] = set()

    def table(self, name: str) -> pd.DataFrame:
        """The table of this name: `run/name` of one in a folder, `/page/name` of another page's."""
        if name.startswith("/"):
            return pd.read_csv(self.folder.parent / f"{name[1:]}.csv")
        self.used.add(name)
        return pd.read_csv(self.folder / f"{name}.csv")

    def rows(self, name: str, **key: Any) -> Sequence[Row]:
        """All rows of a key, in the order of the file; a list of values stands for any of them."""
        if not (found := self.found(name, **key)):
            raise LookupError(f"{self.folder / name}.csv: no row of {key}")
        return found

    def found(self, name: str, **key: Any) -> Sequence[Row]:
        """The same, of which there may be none."""
        found = self.table(name)
        for column, wanted in key.items():
            found = found[found[column].isin(wanted if isinstance(wanted, list) else [wanted])]
        return found.to_dict("records")

    def row(self, name: str, **key: Any) -> Row:
        """The only row of a key."""
        found = self.rows(name, **key)
        if len(found) > 1:
            raise LookupError(f"{self.folder / name}.csv: {len(found)} rows of {key}, not one")
        return found[0]

    def values(self, name: str, column: str, **key: Any) -> list[Any]:
        """A column of all rows of a key."""
        return [row[column] for row in self.rows(name, **key)]


def page(name: str, docs: Path = DOCS) -> str:
    """A whole page, Markdown.

    Args:
        name: one of PAGES.
        docs: folder of templates and data.

    Raises:
        LookupError: where the template asks for a row that is not there, or for one of several.
    """
    return rendered(name, docs)[0]


def rendered(name: str, docs: Path) -> tuple[str, set[str]]:
    """A page, and the tables that it used."""
    tables = Tables(docs / "data" / name)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(docs / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {
        "row": tables.row,
        "rows": tables.rows,
        "found": tables.found,
        "values": tables.values,
        **page_numbers.functions(tables, docs.parent),
    }
    environment.filters |= page_numbers.FILTERS
    return environment.get_template(f"{name}.md").render(), tables.used


def keep(name: str, results: Path, docs: Path = DOCS) -> None:
    """Copy a page's tables from finished results, with the columns that the kept ones had.

    Args:
        name: of the page, or page/folder where its tables lie in one folder a run.
        results: folder of finished results.
        docs: whose data is written.
    """
    paths = Paths(results)
    for path in sorted((docs / "data" / name).glob("*.csv")):
        source = Path(paths.claims) if path.stem == "claims" else Path(paths.tables) / path.name
        if not source.exists():  # measured otherwise
            continue
        columns = pd.read_csv(path, nrows=0).columns
        found = pd.read_csv(source)[list(columns)]
        found.to_csv(path, index=False, float_format=f"%.{DIGITS}g", lineterminator="\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["keep"]:
        keep(sys.argv[2], Path(sys.argv[3]))
    for each in PAGES:
        (DOCS / f"{each}.md").write_text(page(each))
