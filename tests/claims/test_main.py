"""The stage writes what the library decides."""

import json

import pandas as pd

from example_claims import BY_NAME, evidence
from example_results import call
from gradnoise.claims import __main__ as program
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import gather
from gradnoise.claims.results import read

NAMES = ("rises_with_batch_size", "same_trend", "resnet20_steady", "small_deviation")


def test_the_stage_writes_the_verdicts_that_the_library_reaches(tmp_path, monkeypatch):
    run = evidence(lambda la, e, size, n: 30 + size / 40 + len(la) - n / 200 + e)
    about = {"run": "cnn", "kind": "weight"}
    repeats = run.rows.assign(parameter=run.rows["layer"], **about)
    same = run.statistics["repeatability"]
    found = {
        "gaussianity_repeats": repeats,
        "repeatability": same.assign(operation="convolution", parameter=same["layer"], **about),
        "training": run.training.assign(run="cnn", seed=0),
        **{name: pd.DataFrame() for name in ("langevin", "langevin_subspaces")},
    }
    claims = [BY_NAME[name] for name in NAMES]
    monkeypatch.setattr(program, "CLAIMS", claims)
    monkeypatch.setattr(program, "read", lambda folder: found)
    settings = {"runs": {"cnn": run.settings}, "trained_by": {"cnn": "cnn"}}
    outputs = {name: tmp_path / f"{name}.csv" for name in ("output", "components")}
    files = [part for name, path in outputs.items() for part in (f"--{name}", path)]
    call("claims", "--settings", json.dumps(settings), "--tables", tmp_path, *files)
    experiment = gather(found, settings["runs"], settings["trained_by"])
    rows = [decide(claim, experiment) for claim in claims]
    for path, expected in (
        (outputs["output"], [row for one in rows for row in one.claims]),
        (outputs["components"], [row for one in rows for row in one.components]),
    ):
        written = read(path)
        assert len(written) == len(expected) > 4
        for name in ("claim", "run", "scope", "verdict", "lower", "upper", "least", "most"):
            values = pd.Series([row.get(name) for row in expected])
            if not pd.api.types.is_numeric_dtype(written[name]):
                assert written[name].tolist() == values.fillna("").tolist(), name
            else:
                pd.testing.assert_series_equal(
                    written[name], values.astype(float), check_names=False
                )
