"""Another study is one module: config, job, figure, claim and page take it from there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULE = '''"""Coins."""

import numpy as np

from gradnoise.related.study import Panel, Results, Settings, Study, measured
from gradnoise.store.variables import Variable


def run(settings: Settings) -> Results:
    tosses = settings.random("coins", "tosses").random((2, settings.repeats, 1000)) < 0.5
    shares = tosses.mean(axis=2)
    return Results([measured("share of heads", shares[0], 0.5, 0.4, 0.6)], {"share": shares})


STUDY = Study(
    title="Are coins fair?",
    statement="Coins show heads half of the time",
    source="Bernoulli (1713)",
    caption="Share of heads of two coins.",
    variables=(Variable("share", "share of heads", "1", ("coin", "repeat")),),
    panels=(Panel("coins", "share", ("one", "other"), level=0.5),),
    run=run,
)
'''
PROGRAM = """
import json, runpy, sys
from pathlib import Path
sys.path.insert(0, "workflow")
import yaml
from experiment import Experiment, merged
from stages import related, report

default = yaml.safe_load(Path("config.yaml").read_text())
experiment = Experiment(merged(default, {"runs": [], "related": {"studies": ["coins"]}}))
assert experiment.studies() == ["results/related/coins.h5"]
assert "results/figures/related-coins.png" in experiment.figure_files()
assert report.settings(experiment)["figures"][-1]["title"] == "Are coins fair?"

def called(module, settings, *files):
    sys.argv = [module, "--settings", json.dumps(settings), *files]
    runpy.run_module(module, run_name="__main__")

called("gradnoise.related", related.settings(experiment, "coins"), "--output", "coins.h5")
nobody = {"run": "related", "trained_by": "", "network": "", "significance": 0.05}
style = {"training_batch_size": 0, "style": {}}
called("gradnoise.figures.related", {**nobody, **style}, "--layers", "coins.h5", "--output", "c.pdf")

from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment as Found
from gradnoise.claims.published import CLAIMS
from gradnoise.report.related import findings
from gradnoise.tables.related import read_studies
import pandas as pd
Path("related").mkdir()
Path("coins.h5").rename("related/coins.h5")
(claim,) = (claim for claim in CLAIMS if claim.name == "coins")
table = read_studies(Path(), ["coins"])
verdicts = decide(claim, Found([], [], {"related_quantities": table})).claims
assert verdicts[0]["verdict"] == "supported", verdicts
(said,) = findings(pd.DataFrame(verdicts))["studies"]
assert said["question"] == "Are coins fair?"
"""


def test_another_study_is_one_module(tmp_path: Path) -> None:
    for name in ("src", "workflow"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "config.yaml", tmp_path / "config.yaml")
    (tmp_path / "src/gradnoise/related/studies/exact/coins.py").write_text(MODULE)
    (tmp_path / "data").symlink_to(ROOT / "data")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "c.png").stat().st_size > 5000
