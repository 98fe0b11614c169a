from pathlib import Path

import pytest

from gradnoise.store.studies import Study, publish
from gradnoise.store.variables import Variable

COLUMNS = (Variable("x", "what went in"), Variable("y", "what came out"))


def studies(calls: list[float]) -> dict[str, Study[float]]:
    def run(factor: float) -> dict[str, list[dict[str, float]]]:
        calls.append(factor)
        return {"line": [{"y": factor * x, "x": x} for x in (2, 5)]}

    def fail(factor: float) -> dict[str, list[dict[str, float]]]:
        raise RuntimeError(factor)

    return {"line": Study({"line": COLUMNS}, run), "other": Study({"other": COLUMNS}, fail)}


def test_the_folder_holds_the_tables_of_the_studies_asked_for(tmp_path: Path) -> None:
    output, calls = tmp_path / "lines", []
    publish(output, {"factor": 3}, studies(calls), ["line"], 3.0)
    assert [path.name for path in output.glob("*.csv")] == ["lines_line.csv"]
    assert (output / "lines_line.csv").read_text().split() == ["x,y", "2,6.0", "5,15.0"]
    assert calls == [3.0]


def test_a_second_attempt_with_the_same_manifest_takes_back_what_was_published(tmp_path) -> None:
    output, calls = tmp_path / "lines", []
    publish(output, {"factor": 3}, studies(calls), ["line"], 3.0)
    first = (output / "lines_line.csv").read_text()
    output.rename(tmp_path / "gone")
    publish(output, {"factor": 3}, studies(calls), ["line"], 3.0)
    assert calls == [3.0]
    assert (output / "lines_line.csv").read_text() == first
    publish(output, {"factor": 4}, studies(calls), ["line"], 4.0)
    assert calls == [3.0, 4.0]


def test_nothing_is_published_when_a_study_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"3\.0"):
        publish(tmp_path / "lines", {}, studies([]), ["line", "other"], 3.0)
    assert not (tmp_path / "lines").exists()
