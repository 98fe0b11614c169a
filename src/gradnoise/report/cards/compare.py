"""Noise cards side by side: `python -m gradnoise.report compare a.json b.json --output compare.html`.

One HTML page that needs no network. A column is a run of a card; what the columns do not agree in is marked.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined

from gradnoise import stage
from gradnoise.errors import InputError
from gradnoise.report.cards import cells
from gradnoise.report.cards.schema import NAME, VERSION
from gradnoise.store.checksums import verify
from gradnoise.store.whole import write_text

SYMBOLS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Column(NamedTuple):
    """A run of a card.

    Attributes:
        letter: by which drawings know it.
        card: name of the file.
        name: of the run.
        run: what the card says of it.
    """

    letter: str
    card: str
    name: str
    run: dict[str, Any]


def main(arguments: Sequence[str]) -> None:
    """Write the page.

    Raises:
        InputError: for fewer than two runs, or a file that is no noise card of this version.
    """
    parser = argparse.ArgumentParser(
        prog="python -m gradnoise.report compare", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "cards", type=Path, nargs="+", help="noise_card.json of two experiments or more"
    )
    parser.add_argument("--output", type=Path, required=True, help="HTML page to write")
    given = parser.parse_args(arguments)
    write_text(given.output, render(columns([(path.stem, read(path)) for path in given.cards])))


def read(path: Path) -> dict[str, Any]:
    """A noise card.

    Raises:
        InputError: where the file is missing, no JSON, no noise card, or one of another version.
    """
    verify(path)
    try:
        card = json.loads(path.read_text())
    except FileNotFoundError:
        raise InputError(f"{path}: expected a noise card, found none") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: expected a noise card, found no JSON ({error})") from None
    schema = card.get("schema") if isinstance(card, dict) else type(card).__name__
    if schema != NAME:
        raise InputError(f"{path}: found the schema {schema!r}; expected {NAME!r}")
    if card.get("schema_version") != VERSION:
        raise InputError(
            f"{path}: found schema_version {card.get('schema_version')!r}; expected {VERSION}: write the report again"
        )
    return card


def columns(cards: Sequence[tuple[str, dict[str, Any]]]) -> list[Column]:
    """Every run of every card.

    Args:
        cards: name and content.

    Raises:
        InputError: where there are fewer than two, or more than letters.
    """
    runs = [(card, name, run) for card, content in cards for name, run in content["runs"].items()]
    if not 2 <= len(runs) <= len(SYMBOLS):
        raise InputError(f"compare: found {len(runs)} runs; expected 2 to {len(SYMBOLS)}")
    return [Column(letter, *run) for letter, run in zip(SYMBOLS, runs, strict=False)]


def render(compared: Sequence[Column]) -> str:
    """The whole page."""
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    package = files("gradnoise.report")
    template = package.joinpath("cards/compare.html").read_text()
    return environment.from_string(template).render(
        columns=compared,
        settings=list(_settings(compared)),
        layers=_layers(compared),
        verdicts=_verdicts(compared),
        style=package.joinpath("style.css").read_text(),
    )


def _settings(compared: Sequence[Column]) -> Iterator[dict[str, Any]]:
    """One row a setting: its name, every column's value, and whether they differ."""
    rows = [
        {
            "data checksum": run["data"]["checksum"],
            **{f"data: {key}": run["data"][key] for key in ("data_set", "train_samples", "inputs")},
            "model": run["model"]["name"],
            "model arguments": run["model"].get("arguments") or None,
            **{f"training: {key}": value for key, value in run["training"].items()},
            **{f"noise: {key}": value for key, value in run["noise"].items()},
            "significance": run["significance"],
            "epoch": run["epoch"],
            "training seeds": run["seeds"],
            "repeats of the draws": run["repeats"],
            "train accuracy, %": cells.percent(run["accuracy"]["train"]),
            "test accuracy, %": cells.percent(run["accuracy"]["test"]),
        }
        for run in (column.run for column in compared)
    ]
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [cells.text(row.get(name)) for row in rows]
        yield {"name": name, "values": values, "differ": len(set(values)) > 1}


def _layers(compared: Sequence[Column]) -> list[dict[str, Any]]:
    """Every layer that a column has, in the order of the first that has it."""
    found = [{layer["parameter"]: layer for layer in column.run["layers"]} for column in compared]
    names = dict.fromkeys(name for layers in found for name in layers)
    return [_layer(name, [layers.get(name) for layers in found], compared) for name in names]


def _layer(
    name: str, layers: Sequence[dict[str, Any] | None], compared: Sequence[Column]
) -> dict[str, Any]:
    measured_in = [
        {
            (each["batches"], each["batch_size"]): each
            for each in (layer or {"measured": []})["measured"]
        }
        for layer in layers
    ]
    rates = []
    for key in sorted({key for measured in measured_in for key in measured}):
        at_key = [measured.get(key) for measured in measured_in]
        rates.append(
            {
                "batches": key[0],
                "batch_size": key[1],
                "values": [cells.rate(cell) for cell in at_key],
                "marks": [
                    {"letter": column.letter, **cell[cells.PASS]}
                    for column, cell in zip(compared, at_key, strict=True)
                    if cell and cell[cells.PASS]["value"] is not None
                ],
            }
        )
    present = [layer or {} for layer in layers]
    return {
        "name": name,
        "rates": rates,
        "weights": [cells.text(layer.get("weights")) for layer in present],
        "batch_sizes": [
            cells.batch_sizes(layer.get("gaussian_batch_size", [])) for layer in present
        ],
        "noise_scales": [cells.scales(layer.get("noise_scale", [])) for layer in present],
        "tails": [cells.tails(layer.get("tail_index", [])) for layer in present],
    }


def _verdicts(compared: Sequence[Column]) -> list[dict[str, Any]]:
    """Every claim that is tested in a column: its verdict in each, by scope."""
    statements: dict[str, str] = {}
    found: list[dict[str, list[str]]] = []
    for column in compared:
        mine: dict[str, list[str]] = {}
        for each in column.run["verdicts"]:
            if each["verdict"] == "not testable here":
                continue
            statements.setdefault(each["claim"], each["statement"])
            value = "" if each["measured"] is None else f", {each['measured']:.3g}"
            subject = "" if each["subject"] == column.name else f" ({each['subject']})"
            line = f"{each['verdict']}: {each['scope']}{value}{subject}"
            mine.setdefault(each["claim"], []).append(line)
        found.append(mine)
    return [
        {"statement": text, "cells": [mine.get(claim, []) for mine in found]}
        for claim, text in statements.items()
    ]


if __name__ == "__main__":
    stage.run(lambda: main(sys.argv[1:]))
