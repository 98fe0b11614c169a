"""A network's parameters, and a user's own model."""

from pathlib import Path

import pytest

from example_config import job
from gradnoise.errors import InputError
from gradnoise.model import architectures
from stages import model

OWN = """from torch import nn

def build(width):
    return nn.Sequential(nn.Flatten(), nn.Linear(5, width), nn.Linear(width, 3))
"""


def test_parameters_of_a_built_in_network_are_known() -> None:
    run = job().run
    settings = run.sections.model.model_dump()
    assert run.parameters == architectures.parameters(settings, (1, 28, 28), 10)


def test_only_a_users_model_has_a_fingerprint_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, code in (("first", "WIDTH = 1"), ("second", "WIDTH = 2"), ("third", "WIDTH = 1")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own_model.py").write_text(code)
    found = []
    for folder in ("first", "second", "third"):
        monkeypatch.chdir(tmp_path / folder)
        found.append(model.source("own_model:build"))
    assert found[0] == found[2] != found[1]
    assert model.source("cnn") == model.source("installed_elsewhere:build") == ()


@pytest.mark.slow
def test_a_users_model_is_described_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_network.py").write_text(OWN)
    start = {"initialisation": "default", "q": None}
    section = model.Model(name="own_network:build", arguments={"width": 4}, **start)
    weights = [p for p in model.parameters(section, (5,), 3) if p.name.endswith("weight")]
    assert [p.shape for p in weights] == [(4, 5), (3, 4)]
    monkeypatch.setattr(model, "subprocess", None)
    assert len(model.parameters(section, (5,), 3)) == 4
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    section = model.Model(name="own_network:missing", arguments={}, **start)
    with pytest.raises(InputError, match="own_network:missing cannot be used"):
        model.parameters(section, (5,), 3)
