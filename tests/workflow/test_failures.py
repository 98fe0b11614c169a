"""A job that fails, or a run that is stopped, ends in one line a job: rule, reason and log."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

import example_project
from failures import STOPPED, WithoutCommands, line, reason, watch

TARGET = "results/small/seed-1/training.csv"
LOG = f"logs/{TARGET}".replace("csv", "log")
TRACEBACK = (
    "Traceback (most recent call last):\n  File 'x'\n    1 / 0\nZeroDivisionError: by zero\n\n"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12:00 INFO started\nerror: x: found 1; accepted: 2\n", "x: found 1; accepted: 2"),
        (" 50%|##  | 1/2\r100%|####| 2/2\rerror: x: found 1\n", "x: found 1"),
        ("error: in an earlier attempt\nerror: a: found 1\nb: found 2\n", "a: found 1; b: found 2"),
        (TRACEBACK, "ZeroDivisionError: by zero"),
        ("12:00 INFO started\n 50%|##  | 1/2\r", "it ended without a message"),
        ("", "it ended without a message"),
        (None, "it ended without a message"),
    ],
)
def test_the_reason_is_the_jobs_message(tmp_path: Path, text: str | None, expected: str) -> None:
    log = tmp_path / "a.log"
    if text is not None:
        log.write_text(text)
    assert reason(log).split(" (killed")[0] == expected


def test_a_line_names_the_jobs_own_log_first() -> None:
    assert line("noise", ["no/such.log", "slurm.log"]).startswith("noise failed: it ended")
    assert line("noise", ["no/such.log", "slurm.log"]).endswith("(log: no/such.log)")
    assert line("noise", []).endswith("(log: no log)")


def test_what_the_scheduler_says_is_the_reason_where_the_job_says_nothing(tmp_path: Path) -> None:
    log, said = tmp_path / "a.log", "sbatch failed: invalid partition\n    sbatch call: ..."
    assert reason(log, said) == "sbatch failed: invalid partition"
    log.write_text("error: x: found 1\n")
    assert reason(log, said) == "x: found 1"


@pytest.fixture
def logger() -> logging.Logger:
    console = logging.StreamHandler()
    console.name = "DefaultStreamHandler"
    console.setFormatter(logging.Formatter("%(message)s"))
    found = logging.Logger("a run", logging.INFO)
    found.addHandler(console)
    return found


def failed(logger: logging.Logger, job: int, rule: str) -> None:
    extra = {"event": LogEvent.JOB_ERROR, "jobid": job, "rule_name": rule, "shellcmd": "x"}
    extra["rule_msg"] = f"{rule} was cancelled\n"
    logger.error("Error", extra={**extra, "log": [f"{rule}-{job}.log"]})


def test_jobs_that_failed_are_remembered_unless_another_attempt_succeeded(
    logger: logging.Logger,
) -> None:
    failures = watch(logger, commands=False)
    for job, rule in enumerate(("training", "noise", "noise", "clt")):
        failed(logger, job, rule)
    logger.info("Finished", extra={"event": LogEvent.JOB_FINISHED, "job_id": 1})
    group = [{"jobid": 7, "rule_name": "tails", "log": ["tails-7.log"]}]
    logger.error("", extra={"event": LogEvent.GROUP_ERROR, "job_error_info": group})
    found = failures.lines()
    assert [each.split()[0] for each in found] == ["training", "noise", "clt", "tails"]
    assert found[1] == "noise failed: noise was cancelled (log: noise-2.log)"
    logger.info("Terminating processes on user request, this might take some time.")
    assert failures.lines() == [STOPPED]


def test_of_many_failures_the_last_are_named(logger: logging.Logger) -> None:
    failures = watch(logger, commands=False)
    for job in range(20):
        failed(logger, job, "clt")
    assert len(failures.lines()) == 20
    failed(logger, 20, "tails")
    first, *named = failures.lines()
    assert first == "... and 1 jobs more"
    assert len(named) == 20
    assert named[-1].startswith("tails failed")


@pytest.mark.parametrize("commands", [False, True])
def test_commands_are_left_to_the_log_file(logger: logging.Logger, commands: bool) -> None:
    kept = logging.StreamHandler()
    kept.setFormatter(logging.Formatter("%(message)s %(shellcmd)s"))
    console = logger.handlers[0]
    console.setFormatter(kept.formatter)
    logger.addHandler(kept)
    watch(logger, commands)
    text = "Command 'python -m a \nb' returned non-zero exit status 1."
    extra = {"event": LogEvent.JOB_ERROR, "shellcmd": "python -m a"}
    record = logger.makeRecord("", logging.ERROR, "", 0, text, (), None, extra=extra)
    assert isinstance(console.formatter, WithoutCommands) is not commands
    assert console.format(record) == (
        f"{text} python -m a" if commands else "Its command returned non-zero exit status 1. "
    )
    assert kept.format(record) == f"{text} python -m a"


@pytest.fixture(scope="module")
def diverging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which training diverges."""
    folder = tmp_path_factory.mktemp("diverging")
    example_project.create(folder)
    example_project.overlay("training", learning_rate=1e30)(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("profile", [[], ["--workflow-profile", "workflow/profiles/local"]])
def test_the_last_line_names_rule_reason_and_log(diverging: Path, profile: list[str]) -> None:
    done = example_project.snakemake(diverging, "--cores", "2", TARGET, *profile)
    assert done.returncode == 1
    *above, last = done.stderr.strip().splitlines()
    assert last.startswith("training failed: training diverged: the loss is ")
    assert last.endswith(f"(log: {LOG})")
    assert (diverging / LOG).is_file()
    assert "--settings" not in done.stderr
    shown = [each for each in above if each.startswith("error: training diverged")]
    assert len(shown) == len(profile) / 2  # the log itself
    (whole,) = (each for each in above if each.startswith("Snakemake's log: "))
    assert "--settings" in Path(whole.removeprefix("Snakemake's log: ")).read_text()


def heed_interrupts() -> None:
    """As on a terminal: what is started in the background of a shell script ignores them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.slow
def test_a_run_that_is_stopped_says_so_and_goes_on(tmp_path: Path) -> None:
    example_project.create(tmp_path)
    example_project.overlay("training", epochs=5000, checkpoints=[5000])(tmp_path)
    example_project.overlay("noise", checkpoints=[0])(tmp_path)
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "overlay.yaml"]
    with (tmp_path / "console").open("w") as console:
        run = subprocess.Popen(
            [*command, "--", TARGET],
            cwd=tmp_path,
            stdout=console,
            stderr=console,
            start_new_session=True,
            preexec_fn=heed_interrupts,
        )
    log = tmp_path / LOG
    while not (log.is_file() and "epoch 2:" in log.read_text()):
        assert run.poll() is None
        time.sleep(0.1)
    os.killpg(run.pid, signal.SIGINT)  # as Ctrl-C does
    assert run.wait(timeout=60) == 1
    assert (tmp_path / "console").read_text().strip().splitlines()[-1] == STOPPED
    assert log.read_text().strip().splitlines()[-1] == "interrupted"
    log.unlink()
    again = subprocess.Popen(
        [*command, "--", TARGET],
        cwd=tmp_path,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    while not (log.is_file() and "going on after epoch" in log.read_text()):
        assert again.poll() is None
        time.sleep(0.1)
    os.killpg(again.pid, signal.SIGINT)
    again.wait(timeout=60)
