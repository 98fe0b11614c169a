"""The edge of a stage: its command line, its messages, its signals, its threads."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradnoise import stage

PROGRAM = """
import pathlib, sys, time
from gradnoise import stage
from gradnoise.errors import InputError
def main():
    {body}
stage.run(main)
"""


def program(body: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM.format(body=body)]


def test_the_command_line_gives_paths_and_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [
        "x",
        "--settings",
        '{"a": [1]}',
        "--data",
        "d.h5",
        "--output",
        "o",
        "--noise",
        "1",
        "2",
    ]
    monkeypatch.setattr(sys, "argv", given)
    found = stage.parse("A stage.", inputs=["data"], several=["noise"])
    assert (found.settings, found.data, found.output) == ({"a": [1]}, Path("d.h5"), Path("o"))
    assert found.noise == [Path("1"), Path("2")]


def test_a_wrong_input_is_one_line_and_another_error_keeps_its_traceback() -> None:
    wrong = subprocess.run(
        program("raise InputError('x: found 1')"), capture_output=True, text=True, check=False
    )
    assert (wrong.returncode, wrong.stderr) == (1, "error: x: found 1\n")
    broken = subprocess.run(program("1 / 0"), capture_output=True, text=True, check=False)
    assert broken.returncode == 1
    assert "ZeroDivisionError" in broken.stderr
    stopped = subprocess.run(
        program("raise KeyboardInterrupt"), capture_output=True, text=True, check=False
    )
    assert (stopped.returncode, stopped.stderr) == (1, "interrupted\n")


def test_the_message_stands_on_a_line_of_its_own_after_a_bar_cut_short() -> None:
    body = """
    for i in stage.progress(range(100), "work", mininterval=0.0):
        if i == 7:
            raise InputError("x: found 7")"""
    ended = subprocess.run(program(body.lstrip()), capture_output=True, text=True, check=False)
    assert "work:   7%" in ended.stderr
    assert ended.stderr.endswith("\nerror: x: found 7\n")


def test_a_thread_that_cannot_start_is_a_lack_of_memory() -> None:
    body = 'raise RuntimeError("can\'t start new thread")'
    ended = subprocess.run(program(body), capture_output=True, text=True, check=False)
    assert ended.stderr.startswith("error: out of memory (can't start new thread); give the job")


def test_memory_that_is_missing_deep_inside_another_error_is_told_as_such() -> None:
    body = """
    try:
        bytearray(1 << 60)
    except MemoryError:
        raise ImportError("a part of a library") from None"""
    ended = subprocess.run(program(body.lstrip()), capture_output=True, text=True, check=False)
    assert ended.stderr.startswith("error: out of memory (a part of a library); give the job")


def test_sigterm_ends_a_stage_at_once_with_its_exit_status(tmp_path: Path) -> None:
    body = f"pathlib.Path({str(tmp_path / 'ready')!r}).touch(); time.sleep(60)"
    process = subprocess.Popen(program(body))
    while not (tmp_path / "ready").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 143


def test_threads_are_those_of_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert stage.available_threads() == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert 1 <= stage.available_threads() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("arguments", "begins"), [(["--settings", "{}"], True), (["compare"], False)]
)
def test_a_jobs_log_begins_before_anything_heavy_is_imported(
    arguments: list[str], begins: bool
) -> None:
    # What the program would import fails.
    broken = "import sys; sys.modules['numpy'] = sys.modules['tqdm'] = None; import runpy; sys.argv = ['-m']; "
    begin = broken + f"sys.orig_argv = ['python', '-m', 'gradnoise.data', *{arguments}]; "
    run = "runpy.run_module('gradnoise.data', alter_sys=True)"
    done = subprocess.run(
        [sys.executable, "-c", begin + run], capture_output=True, text=True, check=False
    )
    first, *rest = done.stderr.splitlines()
    line = f"INFO gradnoise.data on {os.uname().nodename}, pid "
    assert first.partition(" ")[2].startswith(line) == begins
    assert "ModuleNotFoundError" in rest[-1]
