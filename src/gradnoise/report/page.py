"""The page: everything that a run found, in one HTML file that needs no network."""

import base64
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined

from gradnoise.report import dynamics, sentences
from gradnoise.report.provenance import (
    configuration,
    run_sections,
    significance,
    software,
    trainers,
)
from gradnoise.store import InputError
from gradnoise.tables import NETWORK

HEADLINE_FIGURE = "percentage_by_batch_size"
CAPTIONS = {
    "percentage_by_batch_size": (
        "Gaussian coordinates against batch size",
        "Share of a layer's coordinates whose noise passes the Shapiro-Wilk test, per layer and batch "
        "size, at the last measured epoch. The dashed line is what exactly Gaussian noise reaches. "
        "Constant coordinates cannot be tested; the paper counts them as Gaussian.",
    ),
    "percentage_by_epoch": (
        "Gaussian coordinates over training",
        "The same share at every measured epoch, at the smallest and the largest batch size.",
    ),
    "training_curves": (
        "Training",
        "Loss and accuracy on training and test data, and the units that no sample activates.",
    ),
    "predicted_pass_rates": (
        "What the central limit theorem alone predicts",
        "Pass rates predicted from skewness and kurtosis of one half of the per-sample gradients, against "
        "those of mini-batches drawn from the other half; a point per layer and batch size, and single "
        "coordinates in ten bins of the predicted probability.",
    ),
    "gaussian_batch_size": (
        "When is the noise Gaussian?",
        "B*: the smallest batch size that brings 90 % of a layer's live coordinates within 0.01 (Kolmogorov "
        "distance, exact) of the Gaussian, over training; beside it the gradient noise scale.",
    ),
    "third_moments": (
        "Third moments",
        "Standardised third absolute moment of the per-sample gradients: all coordinates of each layer, with "
        "median, quartiles and 5 to 95 %. It is at least 1 by Jensen's inequality; values below 1 in the "
        "paper must be scaled otherwise, so layers are compared by order.",
    ),
    "berry_esseen": (
        "Bound and truth",
        "Left: the Berry-Esseen bound (solid) and the exact distance that it bounds (dashed), medians with "
        "5 to 95 % of coordinates. Right: third moment against the share that passes, growing with the "
        "batch size.",
    ),
    "tail_indices": (
        "Tail indices",
        "Tail index of every coordinate (empirical characteristic function), of those that the Shapiro-Wilk "
        "test rejects, and of Gaussian noise treated alike. A bounded index of 600 Gaussian values is 2 in most "
        "cases. The first bin holds all lower ones. An index below 2 describes the shape of the noise; its variance is finite, since batches are "
        "drawn from finitely many gradients.",
    ),
    "tail_examples": (
        "Light and heavy tails",
        "First row: coordinates of one layer at the smallest batch size, from the heaviest to the lightest tails. "
        "Second row: the heaviest one over batch sizes. Below: the training samples with most weight in the "
        "third and fourth moments of the layer. Black: the normal density.",
    ),
    "stationary_histograms": (
        "Stationary densities",
        "Displacement along Hessian eigenvectors, steps of all replicas: histogram, the Gaussian of the exact "
        "discrete-time variance, that of the small-step limit, and Boltzmann's density in the loss measured along "
        "the same line. Predictions use the measured Hessian and noise and have no free parameter.",
    ),
    "variance_against_curvature": (
        "Variance against curvature",
        "Measured variances with 95 % intervals, the exact prediction, its small-step limit, and the isotropic law "
        "that holds where the noise covariance is proportional to the Hessian and steps are small.",
    ),
    "temperature": (
        "One temperature?",
        "Left: temperature of each eigenvector from positions and, with momentum, from velocities; in equilibrium "
        "all would be equal. Right: variance over its small-step limit, 1 where the isotropic law can hold.",
    ),
    "probability_current": (
        "Probability current",
        "Mean motion (x(t+1) - x(t-1)) / 2 times the density, in the plane of the two eigenvectors that circulate "
        "most; zero in detailed balance.",
    ),
    "entropy_production": (
        "Entropy production",
        "In the span of the leading eigenvectors of every layer and of the model, against how far noise and Hessian "
        "are from commuting. Layers are coupled to the rest of the network, so that only the model's prediction "
        "is exact.",
    ),
    "phase_portrait": (
        "Phase portraits",
        "Position and velocity along the sharpest eigenvector. With momentum the trajectory turns clockwise where "
        "learning rate times curvature lies between (1 - sqrt(momentum))^2 and (1 + sqrt(momentum))^2.",
    ),
    "relaxation": (
        "Relaxation and diffusion",
        "Left: autocorrelations along eigenvectors (points), of the fitted autoregression (lines) and predicted "
        "(dashed). Right: mean squared displacement summed over the recorded eigenvectors.",
    ),
    "coordinates": (
        "Single coordinates",
        "Noise of a typical, the least Gaussian and a dead coordinate of one layer: histograms with the "
        "normal density, and normal quantile plots.",
    ),
}


def figure(path: Path, run_names: Sequence[str]) -> dict[str, str]:
    """A PNG named `{run}-{figure}.png` as a data URI, with title, caption and alternative text."""
    run = max((name for name in run_names if path.stem.startswith(f"{name}-")), key=len, default="")
    name = path.stem.removeprefix(f"{run}-")
    title, caption = CAPTIONS.get(name, (name.replace("_", " ").capitalize(), ""))
    encoded = base64.b64encode(path.read_bytes()).decode()
    return {
        "run": run,
        "name": name,
        "title": title,
        "caption": caption,
        "alternative": f"{title}, run {run}. {caption}",
        "image": f"data:image/png;base64,{encoded}",
    }


def _order(drawn: Mapping[str, str], names: Sequence[str]) -> tuple[int, int]:
    known = list(CAPTIONS)
    run = names.index(drawn["run"]) if drawn["run"] in names else len(names)
    return run, known.index(drawn["name"]) if drawn["name"] in known else len(known)


def render(
    settings: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    printed: Mapping[str, pd.DataFrame],
    claims: pd.DataFrame,
    calibration: pd.DataFrame,
    control: pd.DataFrame,
    data: Sequence[Mapping[str, Any]],
    figures: Sequence[Path],
) -> str:
    """The whole page.

    Args:
        settings: `config` (the whole); optionally `runs` and `trained_by` (else from the config),
            `significance`, `command` and `versions`.
        tables: as `tables.read` returns.
        printed: file stem -> printed table.
        claims: the claims table.
        calibration: the instrument check.
        control: the positive control.
        data: as `describe_data` returns.
        figures: PNG files.
    """
    names = list(tables["gaussianity"]["run"].unique())
    sections, trained_by = run_sections(settings), trainers(settings)
    runs = [
        _run(name, tables, sections.get(name, {}), trained_by.get(name, name), printed, data)
        for name in names
    ]
    known = list(dict.fromkeys([*names, *sections]))
    drawn = sorted((figure(path, known) for path in figures), key=lambda one: _order(one, known))
    leading = next((one for one in drawn if one["name"] == HEADLINE_FIGURE), None)
    lead = tables["gaussianity"][tables["gaussianity"]["run"] == names[0]]
    context = {
        "headline": sentences.headline(
            lead, runs[0]["history"], sections.get(names[0], {}), significance(settings)
        ),
        "calibration": {
            str(check): rows.to_dict("records")
            for check, rows in calibration.groupby("check", sort=False)
        },
        "checks": len(calibration),
        "control": _control(control),
        "control_passed": bool((control["verdict"] == "right").all()),
        "prediction": sentences.prediction(tables["prediction"], names[0]),
        "instrument_passed": bool(calibration["passed"].all()),
        "lead_figure": leading,
        "figures": [one for one in drawn if one is not leading],
        "decided": _claims(claims[claims["verdict"] != "not testable here"]),
        "untestable": _claims(claims[claims["verdict"] == "not testable here"]),
        "runs": runs,
        "trajectories": dynamics.trajectories(tables),
        "not_measured": sentences.NOT_MEASURED,
        "config": configuration(settings),
        "versions": settings.get("versions") or software(),
        "data": data,
        "command": settings.get("command", "snakemake --cores all"),
        "ceiling": f"{100 * (1 - settings['significance']):g}",
        "style": files("gradnoise.report").joinpath("style.css").read_text(),
    }
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    template = files("gradnoise.report").joinpath("template.html").read_text()
    return environment.from_string(template).render(context)


def _control(control: pd.DataFrame) -> list[dict[str, Any]]:
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


def _run(
    name: str,
    tables: Mapping[str, pd.DataFrame],
    sections: Mapping[str, Any],
    trained_by: str,
    printed: Mapping[str, pd.DataFrame],
    data: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """What the page shows of one run."""
    repeats, training = tables["gaussianity_repeats"], tables["training"]
    rows = tables["gaussianity"][tables["gaussianity"]["run"] == name]
    seeds = sorted(int(seed) for seed in repeats.loc[repeats["run"] == name, "seed"].unique())
    history = training[(training["run"] == trained_by) & training["seed"].isin(seeds)]
    if history.empty:
        raise InputError(f"report: found no training of run {trained_by!r}")
    dataset = (sections.get("data") or {}).get("dataset")
    used = next((one for one in data if one["data_set"] == dataset), {})
    last = rows["epoch"].max()
    mine = [stem for stem in printed if stem.startswith(f"{name}-epoch-")]
    return {
        "name": name,
        "seeds": ", ".join(map(str, seeds)),
        "trained_by": trained_by,
        "epoch": int(last),
        "history": history,
        "limits": list(sentences.limits(rows, len(seeds), used, sections)),
        "accuracy": _accuracy(history[history["epoch"].isin(rows["epoch"].unique())]),
        "classes": _classes(rows[rows["epoch"] == last], history[history["epoch"] == last]),
        "tables": [_printed(stem, printed[stem]) for stem in sorted(mine, key=_place)],
        "last": f"{name}-epoch-{last}-",
    }


def _place(stem: str) -> tuple[int, ...]:
    """Order of printed tables: last epoch first, then the number of batches."""
    _, _, epoch, _, batches = stem.rsplit("-", 4)
    return -int(epoch), int(batches)


def _printed(stem: str, table: pd.DataFrame) -> dict[str, Any]:
    _, _, epoch, _, batches = stem.rsplit("-", 4)
    rows = [
        [f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in _rows(table)
    ]
    return {
        "stem": stem,
        "title": f"Epoch {epoch}, {batches} batches",
        "columns": list(table.columns),
        "rows": rows,
    }


def _rows(table: pd.DataFrame) -> list[list[Any]]:
    return [list(row) for row in table.astype(object).itertuples(index=False)]


def _accuracy(history: pd.DataFrame) -> list[dict[str, str]]:
    """Mean and deviation over seeds of losses and accuracies at the measured epochs."""
    rows = []
    for epoch, seeds in history.groupby("epoch"):
        row = {"epoch": str(epoch)}
        for name in ("train_loss", "test_loss", "train_accuracy", "test_accuracy"):
            scale = 100 if name.endswith("accuracy") else 1
            values = scale * seeds[name] if name in seeds else pd.Series(dtype=float)
            row[name] = "" if values.isna().all() else f"{values.mean():.{1 if scale > 1 else 3}f}"
            if len(values.dropna()) > 1:
                row[name] += f" ± {values.std(ddof=1):.{1 if scale > 1 else 3}f}"
        rows.append(row)
    return rows


def _classes(rows: pd.DataFrame, history: pd.DataFrame) -> list[dict[str, str]]:
    """Shares of the coordinate classes at the smallest batch size, and of dead units, in percent."""
    chosen = rows[(rows["batch_size"] == rows["batch_size"].min()) & (rows["kind"] != NETWORK)]
    chosen = chosen[chosen["batches"] == chosen["batches"].min()]
    found = []
    for _, row in chosen.iterrows():
        dead = f"dead_units_{row['layer']}"
        share = history[dead].mean() if dead in history else float("nan")
        classes = ("dirac", "sparse", "quantised", "live")
        found.append(
            {"layer": row["parameter"].removesuffix(".weight")}
            | {name: f"{100 * row[f'share_{name}']:.1f}" for name in classes}
            | {"dead_units": "" if pd.isna(share) else f"{100 * share:.1f}"}
            | {"batch_size": str(row["batch_size"])}
        )
    return found


def _claims(claims: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the claims table with numbers as text."""
    rows = claims.astype(object).where(claims.notna(), "").to_dict("records")
    for row in rows:
        digits = 1 if row["measured_in"] == "points" else 3
        for name in ("measured", "lower", "upper"):
            row[name] = f"{row[name]:.{digits}f}".replace("-", "−") if row[name] != "" else ""
        row["threshold"] = str(row["threshold"]).replace("-", "−")
        row["repeats"] = int(row["repeats"]) if row["repeats"] != "" else ""
        row["cases"] = [case for case in str(row["cases"]).split("; ") if case]
    return [{str(key): value for key, value in row.items()} for row in rows]
