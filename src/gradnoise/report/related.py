"""What the related studies found, in sentences: the first one is the answer."""

from typing import Any

import pandas as pd

from gradnoise.claims.related import STUDIES
from gradnoise.claims.scheme.component import CONTRADICTED, OPEN, SUPPORTED
from gradnoise.report.verdicts import number

GROUP = "related"
DECIDED = (SUPPORTED, CONTRADICTED, OPEN)


def findings(claims: pd.DataFrame) -> dict[str, Any]:
    """What the page says.

    Args:
        claims: the table of verdicts.

    Returns:
        `answer`, one sentence, and `studies`: of each the `question`, the `verdict`, the number that decides in words
        (`found`), the `statement` and the `source`. Both empty where no study was made.
    """
    rows = claims[(claims["group"] == GROUP) & claims["verdict"].isin(DECIDED)]
    if rows.empty:
        return {"answer": "", "studies": []}
    counts = rows["verdict"].value_counts()
    parts = [
        f"{counts[verdict]} {words}"
        for verdict, words in (
            (SUPPORTED, "hold as published"),
            (CONTRADICTED, "do not"),
            (OPEN, "stay open"),
        )
        if verdict in counts
    ]
    answer = f"Of the statements of {len(rows)} neighbouring studies, {', '.join(parts)}."
    return {"answer": answer, "studies": [_said(row) for row in rows.to_dict("records")]}


def _said(row: dict[Any, Any]) -> dict[str, str]:
    study = STUDIES[row["claim"]]
    value, lower, upper = (number(row[name], "") for name in ("measured", "lower", "upper"))
    interval = f" [{lower}, {upper}]" if lower != upper else ""
    return {
        "question": study.title,
        "verdict": row["verdict"],
        "statement": study.statement,
        "found": f"{row['quantity']}: {value}{interval}, claimed {row['threshold']}".replace(
            "-", "−"
        ),
        "source": study.source,
    }
