from dataclasses import dataclass
from pathlib import Path

import pytest

from gradnoise.errors import InputError
from gradnoise.store.studies import Rows, Study, load, publish
from gradnoise.store.variables import Variable

COLUMNS = (Variable("x", "what went in"), Variable("y", "what came out"))


@dataclass
class Line:
    factor: float


def line(calls: list[float]) -> Study[Line]:
    def run(settings: Line) -> dict[str, Rows]:
        calls.append(settings.factor)
        return {"line": [{"y": settings.factor * x, "x": x} for x in (2, 5)]}

    return Study(Line, {"line": COLUMNS}, run)


def test_the_folder_holds_the_tables_of_the_study(tmp_path: Path) -> None:
    output, calls = tmp_path / "piece-q-0.5", list[float]()
    publish(output, {"factor": 3}, "lines", line(calls), Line(3.0))
    assert [path.name for path in output.glob("*.csv")] == ["lines_line.csv"]
    assert (output / "lines_line.csv").read_text().split() == ["x,y", "2,6.0", "5,15.0"]
    assert calls == [3.0]


def test_a_second_attempt_with_the_same_manifest_takes_back_what_was_published(tmp_path) -> None:
    output, calls = tmp_path / "lines", []
    publish(output, {"factor": 3}, "lines", line(calls), Line(3.0))
    first = (output / "lines_line.csv").read_text()
    output.rename(tmp_path / "gone")
    publish(output, {"factor": 3}, "lines", line(calls), Line(3.0))
    assert calls == [3.0]
    assert (output / "lines_line.csv").read_text() == first
    publish(output, {"factor": 4}, "lines", line(calls), Line(4.0))
    assert calls == [3.0, 4.0]


def test_nothing_is_published_when_a_study_fails(tmp_path: Path) -> None:
    def fail(settings: Line) -> dict[str, Rows]:
        raise RuntimeError(settings.factor)

    with pytest.raises(RuntimeError, match=r"3\.0"):
        publish(tmp_path / "lines", {}, "lines", Study(Line, {"line": COLUMNS}, fail), Line(3.0))
    assert not (tmp_path / "lines").exists()


def test_a_job_gets_the_study_that_it_names() -> None:
    assert set(load("balance", {"study": "laws"}).tables) == {"laws", "histograms"}
    with pytest.raises(InputError, match=r"study: found 'law'; accepted: crossings, laws, norms, "):
        load("balance", {"study": "law"})
    with pytest.raises(InputError, match="study: found None"):
        load("balance", {})
