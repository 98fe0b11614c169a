"""What the balance stage found, in sentences: the first one is the answer."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gradnoise.store.variables import NORMAL


def findings(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """A sentence or two for every study that was made; none without any."""
    said = {
        "balance_transition": _transition,
        "balance_laws": _laws,
        "balance_crossings": _crossings,
        "balance_decay": _decay,
        "balance_fixed_points": _fixed_points,
    }
    return [say(tables[name]) for name, say in said.items() if name in tables]


def _transition(rows: pd.DataFrame) -> str:
    one = rows[rows["depth"] == 1]
    below, above = one[one["ratio"] < 1], one[one["ratio"] >= 1]
    off = np.abs(below["mean"] - below["exact_mean"]) / below["mean_error"]
    parts = [
        f"With one hidden layer the mean of v is 1 − T/Tc below the critical temperature: at {len(below)} temperatures the "
        f"ensemble's is at most {off.max():.1f} standard errors from it"
        if len(below)
        else "",
        f"from Tc on v collapses (median at most {_power(above['median'].max())})"
        if len(above)
        else "",
    ]
    deep = rows[(rows["depth"] == 2) & (rows["ratio"] >= 1)]
    if len(deep):
        share = deep["median"] / deep["exact_median"]
        parts.append(
            f"with two it does not (median {share.min():.2f} to {share.max():.2f} of the exact law's)"
        )
    said = "; ".join(part for part in parts if part)
    return f"{said[:1].upper()}{said[1:]}."


def _laws(rows: pd.DataFrame) -> str:
    worst = rows.iloc[int(rows["distance"].argmax())]
    return (
        f"{len(rows)} ensembles of {rows['replicas'].max():,} replicas at depths "
        f"{rows['depth'].min()} to {rows['depth'].max()} lie within {worst['distance']:.3f} (Kolmogorov's distance) of their "
        f"exact laws; chance alone keeps 99 % within {1.63 / np.sqrt(worst['replicas']):.3f}. {int(rows['diverged'].sum())} "
        "replicas diverged."
    )


def _crossings(rows: pd.DataFrame) -> str:
    even, followed = rows["imbalance"] == 0, rows["replicas"] - rows["diverged"]
    share = (rows["crossed"] / followed)[~even]
    return (
        f"Balanced on the wrong side of 0, {int(rows[even]['crossed'].sum())} of {int(followed[even].sum()):,} replicas "
        f"cross it; unbalanced, at least {100 * share.min():.1f} % do."
    )


def _decay(rows: pd.DataFrame) -> str:
    row = rows.iloc[0]
    ratio, error = (row[name] / row["predicted_decay"] for name in ("decay", "decay_error"))
    return (
        f"The imbalance of two factors decays at {ratio:.3f} ± {NORMAL * error:.3f} times the rate that the law of balance "
        "foretells."
    )


def _fixed_points(rows: pd.DataFrame) -> str:
    parts = [
        f"{row['ratio']:.3f} ± {NORMAL * row['ratio_error']:.3f} with {row['inputs']:.0f} inputs and "
        f"{row['outputs']:.0f} outputs (foretold {row['predicted_ratio']:.3f})"
        for _, row in rows.iterrows()
    ]
    return f"Squared norms of the two layers settle at a ratio of {', '.join(parts)}."


def _power(value: float) -> str:
    return f"{value:.0e}".replace("-", "−") if value > 0 else "0"
