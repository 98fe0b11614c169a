"""Where results come from, as the page states it."""

import platform

from gradnoise.report.provenance import configuration, software


def test_the_config_is_shown_in_the_order_of_the_pipeline():
    config = {"noise": {"b": 1, "a": [1, 2]}, "data": {}, "extra": 3, "output": "Résultats"}
    text = configuration(config, ["output", "data", "model", "noise"])
    assert text == "output: Résultats\ndata: {}\nnoise:\n  b: 1\n  a:\n  - 1\n  - 2\nextra: 3\n"


def test_versions_are_those_installed():
    found = software()
    assert found["python"] == platform.python_version()
    assert {"gradnoise", "torch", "numpy", "snakemake"} <= set(found)
