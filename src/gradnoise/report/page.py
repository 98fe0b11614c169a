"""The page: everything that a run found, in one HTML file that needs no network."""

import base64
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined

from gradnoise.errors import InputError
from gradnoise.figures import catalogue
from gradnoise.report import langevin, sentences
from gradnoise.report.provenance import (
    configuration,
    run_sections,
    significance,
    software,
    trainers,
)
from gradnoise.tables.catalogue import NETWORK


def figure(path: Path, run_names: Sequence[str]) -> dict[str, str]:
    """A PNG named `{run}-{figure}.png` as a data URI, with title, caption and alternative text."""
    run = max((name for name in run_names if path.stem.startswith(f"{name}-")), key=len, default="")
    name = path.stem.removeprefix(f"{run}-")
    entry = catalogue.entries().get(name)
    title = entry.title if entry else name.replace("_", " ").capitalize()
    caption = entry.caption if entry else ""
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
    known = list(catalogue.entries())
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
    leading = next((one for one in drawn if one["name"] == catalogue.HEADLINE), None)
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
        "trajectories": langevin.trajectories(tables),
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
