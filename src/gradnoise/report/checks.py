"""The instrument check and the positive control, as the page shows them."""

from typing import Any

import pandas as pd


def instrument(calibration: pd.DataFrame) -> dict[str, Any]:
    """Rows of the instrument check by what they check, their number, and whether all passed."""
    checks = calibration.groupby("check", sort=False)
    return {
        "calibration": {str(check): rows.to_dict("records") for check, rows in checks},
        "checks": len(calibration),
        "instrument_passed": bool(calibration["passed"].all()),
    }


def positive_control(control: pd.DataFrame) -> dict[str, Any]:
    """Rows of the positive control, and whether all were called right."""
    return {
        "control": _regressions(control),
        "control_passed": bool((control["verdict"] == "right").all()),
    }


def _regressions(control: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per regression and way of drawing: indices over batch sizes, growth, and what was called."""
    rows = []
    for (law, source, draws), cells in control.groupby(
        ["distribution", "source", "draws"], sort=False
    ):
        cells = cells.sort_values("batch_size")
        first = cells.iloc[0]
        rows.append(
            {
                "noise": f"{law} {'inputs' if source == 'inputs' else 'label noise'}",
                "draws": draws,
                "indices": " → ".join(f"{alpha:.2f}" for alpha in cells["alpha_ecf"]),
                "sizes": " → ".join(str(size) for size in cells["batch_size"]),
                "null": f"{first['null_ecf']:.2f}",
                "growth": f"{first['growth_exponent']:.2f} ± {first['growth_error']:.2f}",
                "called": f"variance {first['called_variance']}, fourth moment {first['called_fourth']}",
                "right": bool((cells["verdict"] == "right").all()),
            }
        )
    return rows
