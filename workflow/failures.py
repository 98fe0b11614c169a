"""What the console says of jobs that fail: rule, reason and log in one line each, at the end."""

import copy
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

SHOWN = 20  # failed jobs named; others are counted
STOPPED = "Stopped on request; the same command goes on where it was."


class Failures(logging.Handler):
    """Remembers the jobs that failed, from Snakemake's own log records.

    Attributes:
        jobs: number of a job -> its rule, its logs and what the scheduler said; without those that succeeded in
            another attempt.
        stopped: whether the user stopped the run (Ctrl-C, or SIGTERM).
    """

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[int, tuple[str, list[str], str]] = {}
        self.stopped = False

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of a job's end."""
        found, event = vars(record), getattr(record, "event", None)
        if event == LogEvent.JOB_ERROR:
            self._failed(found)
        elif event == LogEvent.GROUP_ERROR:
            for job in found["job_error_info"]:
                self._failed(job)
        elif event == LogEvent.JOB_FINISHED:
            self.jobs.pop(found["job_id"], None)
        elif record.getMessage().startswith(("Terminating processes", "Will exit after")):
            self.stopped = True

    def _failed(self, job: Mapping[str, Any]) -> None:
        self.jobs[job["jobid"]] = job["rule_name"], list(job["log"]), job.get("rule_msg") or ""

    def lines(self) -> list[str]:
        """What failed, one line a job."""
        if self.stopped:
            return [STOPPED]
        named = [line(*job) for job in self.jobs.values()]
        others = len(named) - SHOWN
        return [f"... and {others} jobs more", *named[others:]] if others > 0 else named


def line(rule: str, logs: list[str], scheduler: str = "") -> str:
    """Rule, reason and log of one job that failed; the job's own log comes first."""
    where = logs[0] if logs else "no log"
    return f"{rule} failed: {reason(Path(where), scheduler)} (log: {where})"


def reason(log: Path, scheduler: str = "") -> str:
    """Why a job failed, in one line: its message, the last line of a traceback, or the first of what the scheduler said."""
    text = log.read_text(errors="replace") if log.is_file() else ""
    lines = [each.strip() for each in re.split(r"[\r\n]+", text) if each.strip()]
    messages = [place for place, each in enumerate(lines) if each.startswith("error: ")]
    if messages:
        return "; ".join(lines[messages[-1] :]).removeprefix("error: ")
    if "Traceback (most recent call last):" in lines:
        return lines[-1]
    silent = "it ended without a message (killed, or out of memory or time)"
    return next(iter(scheduler.strip().splitlines()), silent)


class WithoutCommands(logging.Formatter):
    """Leaves the commands of failed jobs, which hold all their settings, to Snakemake's log file."""

    def __init__(self, whole: logging.Formatter) -> None:
        super().__init__()
        self._whole = whole

    def format(self, record: logging.LogRecord) -> str:
        """The record's text as Snakemake writes it, commands left out."""
        shown = copy.copy(record)
        if getattr(record, "event", None) == LogEvent.JOB_ERROR:
            shown.shellcmd = ""
        text = self._whole.format(shown)
        return re.sub(r"(?s)Command '.*' (returned|died)", r"Its command \1", text)


def watch(logger: logging.Logger, commands: bool) -> Failures:
    """Follow a run's failures; the console shows the commands of failed jobs only where they are asked for."""
    failures = Failures()
    for handler in logger.handlers:
        if handler.name == "DefaultStreamHandler" and handler.formatter and not commands:
            handler.setFormatter(WithoutCommands(handler.formatter))
    logger.addHandler(failures)
    return failures
