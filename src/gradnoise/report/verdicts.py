"""The page's first screen: every claim once, with a cell for each run and scope, and its intervals as a forest.

A forest's axis is the distance into the range that a claim gives, over its margin: an interval right of 0
supports, one left of 0 contradicts, whatever the claim's unit is.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gradnoise.claims.headline import verdicts
from gradnoise.claims.scheme.component import CONTRADICTED, NOT_TESTABLE, OPEN, SUPPORTED

SYMBOLS = {SUPPORTED: "✓", CONTRADICTED: "✗", OPEN: "?"}

SPAN = 3.0  # margins that a forest shows to either side

LINE = 9  # height of an interval in a forest, in units of its drawing, which is 200 wide

HALF = 100.0

THIN = 24  # components drawn at most for one interval: further ones would hide each other

ROBUSTNESS = {
    "holds_under": "holds under",
    "fails_under": "fails under",
    "open_under": "open under",
}


def matrices(claims: pd.DataFrame, components: pd.DataFrame) -> list[dict[str, Any]]:
    """A matrix for every group of claims that can be tested, in the order of the table.

    Args:
        claims: the table of verdicts.
        components: the table of what they stand on.

    Returns:
        One dict for each group: `group`, `columns` (run and scope) and `rows`: a claim each, with its `cells`, one
        for every column (None where it is not testable there), its `forest` and its `details`.
    """
    combined = verdicts(claims)
    tested = claims[claims["verdict"] != NOT_TESTABLE]
    found = []
    for group, rows in tested.groupby("group", sort=False):
        runs = list(dict.fromkeys(rows["run"]))
        keys = dict.fromkeys(zip(rows["run"], rows["scope"], strict=True))
        columns = sorted(keys, key=lambda key: runs.index(key[0]))  # a run's scopes together
        found.append(
            {
                "group": group,
                "columns": [{"run": run, "scope": scope} for run, scope in columns],
                "rows": [
                    {"verdict": combined[name], "symbol": SYMBOLS[combined[name]]}
                    | _row(same, components[components["claim"] == name], columns)
                    for name, same in rows.groupby("claim", sort=False)
                ],
            }
        )
    return found


def untestable(claims: pd.DataFrame) -> list[dict[str, str]]:
    """Claims that no run can test: `statement`, `origin` and every reason once, by run where runs have their own."""
    combined = verdicts(claims)
    found = []
    for name, rows in claims.groupby("claim", sort=False):
        if combined[name] == NOT_TESTABLE:
            reasons = "; ".join(dict.fromkeys(rows["reason"]))
            first = rows.iloc[0]
            found.append(
                {"statement": first["statement"], "origin": first["origin"], "reason": reasons}
            )
    return found


def number(value: float, unit: str) -> str:
    """A measured number as the page prints it: points with one digit, all else with three significant ones."""
    if not np.isfinite(value):
        return "–" if np.isnan(value) else "∞" if value > 0 else "−∞"
    return (f"{value:.1f}" if unit == "points" else f"{value:.3g}").replace("-", "−")


def _row(
    rows: pd.DataFrame, components: pd.DataFrame, columns: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    first = rows.iloc[0]
    by_key = {(row["run"], row["scope"]): row for row in rows.to_dict("records")}
    present = [key for key in columns if key in by_key]
    drawn = [
        _interval(
            components[(components["run"] == run) & (components["scope"] == scope)],
            by_key[run, scope],
            LINE * place + LINE / 2 + 1,
        )
        for place, (run, scope) in enumerate(present)
    ]
    return {
        "name": first["claim"],
        "statement": first["statement"],
        "origin": first["origin"],
        "measured": first["measured_quantity"],
        "cells": [_cell(by_key[key]) if key in by_key else None for key in columns],
        "forest": {"lines": drawn, "height": LINE * len(drawn) + 2},
        "details": [_detail(by_key[key]) for key in present],
    }


def _cell(row: Mapping[Any, Any]) -> dict[str, str]:
    return {
        "symbol": SYMBOLS[row["verdict"]],
        "verdict": row["verdict"],
        "value": number(row["measured"], row["unit"]),
        "threshold": _range(row["threshold"]),
    }


def _detail(row: Mapping[Any, Any]) -> dict[str, Any]:
    """All that a verdict stands on, in words."""
    interval = ", ".join(number(row[end], row["unit"]) for end in ("lower", "upper"))
    with_interval = f" [{interval}]" if np.isfinite(row["lower"]) else ""
    unit = f" {row['unit']}" if row["unit"] else ""
    robustness = [f"{words} {row[name]}" for name, words in ROBUSTNESS.items() if row[name]]
    more = row["would_decide"]
    if more and row["decides_key"]:
        more = f"{more} ({row['decides_key']})"
    return {
        "run": row["run"],
        "scope": row["scope"],
        "network": row["network"],
        "verdict": row["verdict"],
        "symbol": SYMBOLS[row["verdict"]],
        "measured": f"{number(row['measured'], row['unit'])}{with_interval}{unit}",
        "threshold": _range(row["threshold"]),
        "quantity": row["quantity"],
        "noise": row["unit_of_noise"],
        "robustness": "; ".join(robustness),
        "would_decide": more,
        "reason": row["reason"],
    }


def _range(threshold: str) -> str:
    """A range as it is claimed, its numbers with three significant digits."""
    short = re.sub(r"\d+\.\d+", lambda found: f"{float(found[0]):.3g}", threshold)
    return short.replace("-", "−")


def _interval(components: pd.DataFrame, row: Mapping[Any, Any], y: float) -> dict[str, Any]:
    """One line of a forest, at a height: the deciding component, and the others behind it."""
    others = components[~components["worst"].astype(bool)]
    if len(others) > THIN:  # the nearest to the threshold are those that matter
        others = others.loc[others["standardised"].abs().nsmallest(THIN).index]
    return {
        "verdict": row["verdict"],
        "y": y,
        "label": f"{row['run']}, {row['scope']}: {row['verdict']}",
        "deciding": _drawn(row),
        "others": [one for _, part in others.iterrows() if (one := _drawn(part.to_dict()))],
    }


def _drawn(row: Mapping[Any, Any]) -> dict[str, Any] | None:
    """Places of a component on a forest's axis, cut where it ends; None where nothing was measured."""
    names = ("standardised", "standardised_lower", "standardised_upper")
    value, lower, upper = (float(row[name]) for name in names)
    if np.isnan(value):
        return None
    lower, upper = (value if np.isnan(end) else end for end in (lower, upper))
    return {
        "value": _place(value),
        "lower": _place(lower),
        "upper": _place(upper),
        "beyond": -1 if value < -SPAN else 1 if value > SPAN else 0,
    }


def _place(standardised: float) -> float:
    return round(HALF * (1 + float(np.clip(standardised / SPAN, -1, 1))), 1)
