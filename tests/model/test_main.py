import json
import sys
from dataclasses import asdict

from gradnoise.model import factory
from gradnoise.model.__main__ import main

OWN = """
from torch import nn

def perceptron(input_shape, outputs, width):
    return nn.Sequential(nn.Flatten(), nn.Linear(input_shape[0], width), nn.Linear(width, outputs))
"""


def test_the_program_describes_a_users_model_as_the_built_one(tmp_path, monkeypatch):
    (tmp_path / "own_perceptron.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    model = {"name": "own_perceptron:perceptron", "arguments": {"width": 3}}
    settings = {"model": model, "input_shape": [5], "outputs": 2, "tokens": False, "positions": []}
    output = tmp_path / "description.json"
    command = ["model", "--settings", json.dumps(settings), "--output", str(output)]
    monkeypatch.setattr(sys, "argv", command)
    main()
    found = [{**entry, "shape": tuple(entry["shape"])} for entry in json.loads(output.read_text())]
    assert found == [asdict(p) for p in factory.describe(factory.build(model, (5,), 2, seed=0))]
    assert [entry["shape"] for entry in found] == [(3, 5), (3,), (2, 3), (2,)]
