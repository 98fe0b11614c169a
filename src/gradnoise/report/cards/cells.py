"""What a cell of the page of compared noise cards says, as text; nothing for what does not exist."""

import json
from collections.abc import Sequence
from typing import Any

PASS = "percentage_gaussian"  # the paper's convention, which decides


def percent(share: float | None) -> str | None:
    """A share in percent."""
    return None if share is None else f"{100 * share:.1f}"


def text(value: Any) -> str:
    """A value as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)


def rate(cell: dict[str, Any] | None) -> dict[str, str]:
    """Pass rate with its interval, and the predicted one of coordinates that have a prediction."""
    if cell is None or cell[PASS]["value"] is None:
        return {"pass": "", "predicted": ""}
    found, predicted = cell[PASS], cell["predicted"]
    passing = f"{found['value']:.1f}"
    if found["lower"] is not None and found["upper"] is not None:
        passing += f" [{found['lower']:.1f}, {found['upper']:.1f}]"
    if predicted["value"] is None or predicted["measured"] is None:
        return {"pass": passing, "predicted": ""}
    covered = (
        "" if predicted["coverage"] is None else f", {100 * predicted['coverage']:.0f} % covered"
    )
    return {
        "pass": passing,
        "predicted": f"predicted {predicted['value']:.1f} for {predicted['measured']:.1f}{covered}",
    }


def batch_sizes(entries: Sequence[dict[str, Any]]) -> str:
    """B* of every seed with its interval."""

    def one(entry: dict[str, Any]) -> str:
        if entry["beyond"]:
            return "above 65,536"
        if entry["value"] is None:
            return "unknown"
        ends = ["1" if entry["lower"] is None else f"{entry['lower']:,.0f}"]
        ends.append("∞" if entry["upper"] is None else f"{entry['upper']:,.0f}")
        return f"{entry['value']:,.0f} [{ends[0]}, {ends[1]}]"

    return "; ".join(map(one, entries))


def scales(entries: Sequence[dict[str, Any]]) -> str:
    """Noise scale of every seed with its error."""
    known = [entry for entry in entries if entry["value"] is not None]
    errors = ["" if each["error"] is None else f" ± {each['error']:.0f}" for each in known]
    pairs = zip(known, errors, strict=True)
    return "; ".join(f"{entry['value']:,.0f}{error}" for entry, error in pairs)


def tails(entries: Sequence[dict[str, Any]]) -> str:
    """Of the first estimator, at the smallest batch size."""
    known = [entry for entry in entries if entry["value"] is not None]
    first = [entry for entry in known if entry["method"] == known[0]["method"]]
    if not first:
        return ""
    entry = min(first, key=lambda each: int(each["batch_size"]))
    null = "" if entry["null"] is None else f" (Gaussian {entry['null']:.2f})"
    return f"{entry['value']:.2f}{null} by {entry['method']} at batch size {entry['batch_size']}"
