"""Write the pages of docs/ whose numbers come from runs: out of their templates and the tables kept beside them.

python workflow/pages.py                                          every page anew, from docs/data
python workflow/pages.py keep balance results-balance             the tables behind a page, from finished results

A page's text is docs/templates/<page>.md, its tables docs/data/<page>/*.csv, or *.csv in a folder for every run. No
number that was measured is typed: a template takes it from a cell, and asks for the cell by its key.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import yaml
from scipy.optimize import minimize_scalar

from gradnoise.balance import critical_temperature, diagonal_moments
from gradnoise.claims.balance.laws import CLAIMS, zero
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment
from gradnoise.store.paths import Paths
from gradnoise.store.variables import NORMAL

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("balance",)
PUBLISHED = 0.42  # Ziyin, Li and Ueda's temperature of the largest variance at depth 2, over Tc
DIGITS = 6  # significant ones of the tables that are kept

Row = Mapping[Any, Any]


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
        """The table of this name, `run/name` of one in a folder."""
        self.used.add(name)
        return pd.read_csv(self.folder / f"{name}.csv")

    def rows(self, name: str, **key: Any) -> Sequence[Row]:
        """All rows of a key, in the order of the file; a list of values stands for any of them."""
        found = self.table(name)
        for column, wanted in key.items():
            found = found[found[column].isin(wanted if isinstance(wanted, list) else [wanted])]
        if found.empty:
            raise LookupError(f"{self.folder / name}.csv: no row of {key}")
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
        "values": tables.values,
        "setting": lambda path, key: setting(docs.parent / path, key),
        "balance_verdicts": lambda: balance_verdicts(tables),
        "critical": lambda: dict(zip(("ratio", "error"), zero(tables.table("balance_growth")), strict=True)),
        "exact_peak": exact_peak,
        "normal": NORMAL,
        "published": PUBLISHED,
        "ratios": lambda first, second: [one / other for one, other in zip(first, second, strict=True)],
    }  # fmt: skip
    environment.filters |= FILTERS
    return environment.get_template(f"{name}.md").render(), tables.used


def fixed(value: float, digits: int = 0) -> str:
    """A number with so many decimals."""
    value = float(value)
    if not np.isfinite(value):
        return "none" if np.isnan(value) else "∞" if value > 0 else "−∞"
    return f"{value:.{digits}f}".replace("-", "−") if round(value, digits) else f"{0:.{digits}f}"


def scientific(value: float) -> str:
    """A number of any size with two digits."""
    return f"{value:.1e}".replace("-", "−")


def spread(values: Iterable[float], digits: int = 0) -> str:
    """Least and largest of some numbers."""
    known = [value for value in values if np.isfinite(value)]
    least, largest = fixed(min(known), digits), fixed(max(known), digits)
    return least if least == largest else f"{least} to {largest}"


def value(claim: Row, digits: int = 1) -> str:
    """A claim's measured value with its 95 % interval."""
    said = fixed(claim["measured"], digits)
    ends = claim["lower"], claim["upper"]
    return (
        f"{said} [{', '.join(fixed(end, digits) for end in ends)}]" if ends[0] < ends[1] else said
    )


def measured(claim: Row, digits: int = 1) -> str:
    """What a verdict stands on: value, 95 % interval and what the claim says."""
    return f"{value(claim, digits)} for {claim['threshold']}"


def verdict(claim: Row, digits: int = 1) -> str:
    """A verdict with what it stands on."""
    if pd.isna(claim["measured"]):
        return f"**{claim['verdict']}** ({claim['reason']})"
    return f"**{claim['verdict']}** ({claim['quantity']}: {measured(claim, digits)})"


def setting(overlay: Path, key: str) -> Any:
    """What an overlay, or config.yaml where it says nothing, sets a dotted key to."""
    for path in (overlay, DOCS.parent / "config.yaml"):
        found: Any = yaml.safe_load(path.read_text())
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if found is not None:
            return found
    raise LookupError(f"{overlay}: {key} is not set")


def balance_verdicts(tables: Tables) -> dict[str, Row]:
    """Verdicts of the claims on noise balance, reached anew from the page's tables."""
    names = sorted(path.stem for path in tables.folder.glob("*.csv"))
    experiment = Experiment([], [], {name: tables.table(name) for name in names})
    return {claim.name: decide(claim, experiment).claims[0] for claim in CLAIMS}


def exact_peak(depth: int, ratio: float | None = None) -> dict[str, float]:
    """Where the exact law's variance is largest, and its variance there or at another temperature over Tc."""
    if ratio is None:
        found = minimize_scalar(
            lambda r: -diagonal_moments(depth, r * critical_temperature()).variance,
            bounds=(0.1, 0.9),
            method="bounded",
        )
        ratio = float(found.x)
    return {
        "ratio": ratio,
        "variance": diagonal_moments(depth, ratio * critical_temperature()).variance,
    }


FILTERS: dict[str, Callable[..., Any]] = {
    "fixed": fixed,
    "percent": lambda value, digits=0: fixed(100 * value, digits),
    "scientific": scientific,
    "spread": spread,
    "value": value,
    "measured": measured,
    "verdict": verdict,
    "mean": lambda values: float(np.mean(list(values))),
    "median": lambda values: float(np.median(list(values))),
}


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
        columns = pd.read_csv(path, nrows=0).columns
        found = pd.read_csv(source)[list(columns)]
        found.to_csv(path, index=False, float_format=f"%.{DIGITS}g", lineterminator="\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["keep"]:
        keep(sys.argv[2], Path(sys.argv[3]))
    for each in PAGES:
        (DOCS / f"{each}.md").write_text(page(each))
