"""What invalidates a stage's code, and what does not."""

from pathlib import Path

import pytest

import fingerprint as fingerprints
from fingerprint import fingerprint

FILES = {
    "pkg/__init__.py": '"""Nothing."""\n',
    "pkg/stage_a.py": '"""A."""\nfrom pkg import shared\nX = shared.Y\n',
    "pkg/stage_b.py": "def f():\n    from .sub import helper\n    return helper.Z\n",
    "pkg/shared.py": "Y = 1\n",
    "pkg/shared_table.csv": "1,2\n",
    "pkg/sub/__init__.py": "",
    "pkg/sub/helper.py": "Z = 2\n",
    "pkg/sub/page.html": "<p>\n",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def changed(source: Path, edit: dict[str, str]) -> set[str]:
    """Stages whose fingerprint changes with an edit."""

    def both() -> dict[str, tuple[str, ...]]:
        fingerprints.KNOWN.clear()
        return {name: fingerprint(f"pkg.{name}", source) for name in ("stage_a", "stage_b")}

    before = both()
    for name, text in edit.items():
        (source / name).write_text(text)
    after = both()
    return {name for name in before if before[name] != after[name]}


def test_the_closure_lists_every_imported_module_and_parent_package(source: Path) -> None:
    fingerprints.KNOWN.clear()
    names = [item.split("@")[0] for item in fingerprint("pkg.stage_b", source)]
    assert names == ["pkg", "pkg.stage_b", "pkg.sub", "pkg.sub.helper"]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"pkg/shared.py": "Y = 2\n"}, {"stage_a"}),
        ({"pkg/sub/helper.py": "Z = 3\n"}, {"stage_b"}),
        ({"pkg/shared.py": "# why\nY = 1  # one\n"}, set()),
        ({"pkg/stage_a.py": '"""Other words."""\nfrom pkg import shared\nX = shared.Y\n'}, set()),
        ({"pkg/shared_table.csv": "1,3\n"}, {"stage_a"}),
        ({"pkg/sub/page.html": "<b>\n"}, {"stage_b"}),
        ({"pkg/unrelated.py": "import os\n"}, set()),
        ({"pkg/__init__.py": "A = 1\n"}, {"stage_a", "stage_b"}),
    ],
)
def test_edits_change_exactly_the_stages_that_run_them(
    source: Path, edit: dict[str, str], expected: set[str]
) -> None:
    assert changed(source, edit) == expected


def test_a_syntax_error_names_the_file(source: Path) -> None:
    (source / "pkg/stage_a.py").write_text("def f(:\n")
    fingerprints.KNOWN.clear()
    with pytest.raises(SyntaxError) as raised:
        fingerprint("pkg.stage_a", source)
    assert raised.value.filename == str(source / "pkg/stage_a.py")


def test_an_unknown_module_is_named(source: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"pkg\.nothing"):
        fingerprint("pkg.nothing", source)


FACE = {
    "pkg/face/__init__.py": (
        '"""A face."""\nfrom pkg.face.heavy import f\nfrom pkg.face.light import g\n__all__ = ["f", "g"]\n'
    ),
    "pkg/face/heavy.py": "def f(): return 1\n",
    "pkg/face/light.py": "def g(): return 2\n",
}


def closure_of(source: Path, text: str, **files: str) -> set[str]:
    """Modules in the closure of a module with this text, without the packages."""
    for name, content in {**FACE, **files, "pkg/user.py": text}.items():
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(content)
    fingerprints.KNOWN.clear()
    names = {item.split("@")[0] for item in fingerprint("pkg.user", source)}
    return names - {"pkg", "pkg.user", "pkg.face"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from pkg.face import light\n", {"pkg.face.light"}),
        ("import pkg.face.light\n", {"pkg.face.light"}),
        ("from pkg.face.light import g\n", {"pkg.face.light"}),
        ("from pkg.face import g\n", {"pkg.face.light", "pkg.face.heavy"}),
        ("from pkg.face import light, g\n", {"pkg.face.light", "pkg.face.heavy"}),
        ("import pkg.face\n", {"pkg.face.light", "pkg.face.heavy"}),
        ("from pkg import face\n", {"pkg.face.light", "pkg.face.heavy"}),
        ("def f():\n    from .face import light\n", {"pkg.face.light"}),
    ],
)
def test_a_faces_imports_count_only_for_those_who_ask_it_for_a_name(
    source: Path, text: str, expected: set[str]
) -> None:
    assert closure_of(source, text) == expected


def test_a_package_that_does_more_than_hand_names_on_is_followed_by_all_below_it(
    source: Path,
) -> None:
    body = FACE["pkg/face/__init__.py"] + "g()\n"
    found = closure_of(source, "from pkg.face import light\n", **{"pkg/face/__init__.py": body})
    assert found == {"pkg.face.light", "pkg.face.heavy"}


def test_a_face_is_hashed_also_where_its_imports_are_not_followed(source: Path) -> None:
    (source / "pkg/face").mkdir()
    for name, text in FACE.items():
        (source / name).write_text(text)
    (source / "pkg/stage_a.py").write_text("from pkg.face import light\n")
    edited = FACE["pkg/face/__init__.py"].replace(', "g"', "")
    assert changed(source, {"pkg/face/__init__.py": edited}) == {"stage_a"}
    assert changed(source, {"pkg/face/heavy.py": "def f(): return 3\n"}) == set()


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_imports_for_type_checkers_do_not_run_but_their_alternative_does(
    source: Path, test: str
) -> None:
    text = f"if {test}:\n    import pkg.shared\nelse:\n    from pkg.face import light\n"
    assert closure_of(source, text) == {"pkg.face.light"}
    other = "if not_checking:\n    import pkg.shared\n"
    assert closure_of(source, other) == {"pkg.shared"}


def test_who_asks_for_a_registry_depends_on_every_entry(source: Path) -> None:
    text = 'from pkg.shared import registered\nX = registered("pkg.sub", "Z")\n'
    (source / "pkg/stage_a.py").write_text(text)
    assert changed(source, {"pkg/sub/helper.py": "Z = 3\n"}) == {"stage_a", "stage_b"}
    assert changed(source, {"pkg/sub/new.py": "Z = 1\n"}) == {"stage_a"}


def test_a_registry_must_be_named_by_literals(source: Path) -> None:
    (source / "pkg/stage_a.py").write_text('name = "pkg.sub"\nX = registered(name, "Z")\n')
    fingerprints.KNOWN.clear()
    with pytest.raises(ValueError, match="two literals"):
        fingerprint("pkg.stage_a", source)
