"""Each claim once: how its runs combine, and how many claims are decided."""

from typing import NamedTuple

import pandas as pd

from gradnoise.claims.scheme.component import (
    CONTRADICTED,
    NOT_TESTABLE,
    OPEN,
    SUPPORTED,
    Verdict,
)
from gradnoise.tables.moderated.contrasts import ARCHITECTURE


class Headline(NamedTuple):
    """Numbers of claims."""

    testable: int
    supported: int
    contradicted: int
    open: int

    @property
    def sentence(self) -> str:
        """In words."""
        claims = "claim" if self.testable == 1 else "claims"
        return (
            f"{self.testable} {claims} testable here: {self.supported} supported, "
            f"{self.contradicted} contradicted, {self.open} open"
        )


def deciding_rows(claims: pd.DataFrame) -> pd.DataFrame:
    """The row of every claim and run that counts: the architecture's where there is one.

    Args:
        claims: as `results.read` returns.
    """
    first = claims["scope"] != ARCHITECTURE
    ordered = claims.assign(later=first).sort_values("later", kind="stable")
    return claims.loc[sorted(ordered.drop_duplicates(["claim", "run"]).index)]


def verdicts(claims: pd.DataFrame) -> pd.Series:
    """The verdict on every claim, over its runs.

    A claim is about every run that can test it: contradicted where it is in one of them, supported where it is in
    all of them, else open; not testable where none can test it.

    Args:
        claims: as `results.read` returns.

    Returns:
        By the name of the claim, in the table's order.
    """
    rows = deciding_rows(claims)
    return rows.groupby("claim", sort=False)["verdict"].agg(_combined)


def count(claims: pd.DataFrame) -> Headline:
    """How many claims are testable, and what became of them; checks of the code are none."""
    found = verdicts(claims[claims["group"] != "instrument"])
    numbers = [int((found == one).sum()) for one in (SUPPORTED, CONTRADICTED, OPEN)]
    return Headline(sum(numbers), *numbers)


def _combined(found: pd.Series) -> Verdict:
    tested = set(found) - {NOT_TESTABLE}
    if not tested:
        return NOT_TESTABLE
    if CONTRADICTED in tested:
        return CONTRADICTED
    return SUPPORTED if tested == {SUPPORTED} else OPEN
