"""A network's parameters, and a user's own model."""

import subprocess
from pathlib import Path

import pytest

import fingerprint
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


def test_a_description_is_of_the_source_the_arguments_and_the_shapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without building anything: how often a model would be described anew."""
    asked = []

    def describe(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        asked.append(command[command.index("--settings") + 1])
        output = Path(command[-1])
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text("[]")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(model.subprocess, "run", describe)
    monkeypatch.setattr(model.architectures, "from_description", list)
    start = {"initialisation": "default", "q": None}
    narrow, wide = (
        model.Model(name="own_network:build", arguments={"width": width}, **start)
        for width in (4, 5)
    )
    times = []
    for text, section, shape in (
        (OWN, narrow, (5,)),
        (OWN, narrow, (5,)),
        (OWN, wide, (5,)),
        (OWN, narrow, (6,)),
        (OWN.replace("Flatten", "Identity"), narrow, (5,)),
        (OWN, narrow, (5,)),
    ):
        (tmp_path / "own_network.py").write_text(text)
        # The source is read once a process.
        fingerprint.KNOWN.clear()
        getattr(model.source, "cache_clear", lambda: None)()
        model.parameters(section, shape, 3)
        times.append(len(asked))
    assert times == [1, 1, 2, 3, 4, 4]
