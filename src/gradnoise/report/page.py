"""The page: everything that a run found, in one HTML file that needs no network."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from gradnoise.claims.headline import count
from gradnoise.report import balance, geometry, langevin, related, sentences, verdicts
from gradnoise.report.checks import instrument, positive_control
from gradnoise.report.inputs import Inputs
from gradnoise.report.plates import plates
from gradnoise.report.provenance import configuration, software
from gradnoise.report.runs import run
from gradnoise.report.settings import Settings
from gradnoise.store.paths import SHARED_STAGES


def render(settings: Settings, inputs: Inputs) -> str:
    """The whole page."""
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    template = files("gradnoise.report").joinpath("template.html").read_text()
    return environment.from_string(template).render(_context(settings, inputs))


def _context(settings: Settings, inputs: Inputs) -> dict[str, Any]:
    tables = inputs.tables
    names = list(inputs.measured["run"].unique())
    runs = [run(name, settings, inputs) for name in names]
    known = list(dict.fromkeys([*names, *settings.runs, *SHARED_STAGES]))
    drawn = plates(inputs.figures, known, settings.figures)
    first = next((figure["name"] for figure in settings.figures), "")
    leading = next((one for one in drawn if one["name"] == first), None)
    trajectories = langevin.trajectories(tables)
    studies = {
        "balance": balance.findings(tables),
        "geometry": geometry.findings(tables, inputs.claims),
    }
    related_studies = related.findings(inputs.claims)
    answers = [found[0] for found in studies.values() if found]
    answers += [related_studies["answer"]] if related_studies["answer"] else []
    return {
        **_noise(runs, settings, inputs),
        **instrument(inputs.calibration),
        **positive_control(inputs.control),
        "lead_figure": leading,
        "figures": [one for one in drawn if one is not leading],
        "verdict": count(inputs.claims).sentence,
        "matrices": verdicts.matrices(inputs.claims, inputs.components),
        "untestable": verdicts.untestable(inputs.claims),
        "runs": runs,
        "trajectories": trajectories,
        **studies,
        "related": related_studies,
        "answers": [] if names else answers,
        "not_measured": "" if trajectories else sentences.NOT_MEASURED,
        "config": configuration(settings.config, settings.sections),
        "versions": software(),
        "data": inputs.data,
        "command": settings.command,
        "stale": settings.stale,
        "style": files("gradnoise.report").joinpath("style.css").read_text(),
    }


def _noise(runs: Sequence[Mapping[str, Any]], settings: Settings, inputs: Inputs) -> dict[str, str]:
    """What is said of the first run; nothing without any."""
    if not runs:
        return {"headline": "", "prediction": ""}
    leader, rows = runs[0]["name"], inputs.measured
    headline = sentences.headline(
        rows[rows["run"] == leader],
        runs[0]["history"],
        settings.runs[leader],
        settings.ceiling(leader),
    )
    prediction = sentences.prediction(inputs.tables["prediction"], leader)
    return {"headline": headline, "prediction": prediction}
