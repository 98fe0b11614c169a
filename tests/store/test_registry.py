"""A registry is a folder."""

import sys
from pathlib import Path

import pytest

from gradnoise.store.registry import registered


def test_every_module_is_an_entry_and_must_declare_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "example_registry"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for name in ("later", "earlier"):
        (folder / f"{name}.py").write_text(f'ENTRY = "{name}"\n')
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert registered("example_registry", "ENTRY") == {"earlier": "earlier", "later": "later"}
        (folder / "nothing.py").write_text("")
        with pytest.raises(AttributeError, match=r"example_registry\.nothing"):
            registered("example_registry", "ENTRY")
    finally:
        for name in [name for name in sys.modules if name.startswith("example_registry")]:
            del sys.modules[name]
