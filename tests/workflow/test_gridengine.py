"""What the profile for Grid Engine asks `qsub` for, and how it reads `qstat` and `qacct`: programs that play them."""

import os
import subprocess
from pathlib import Path

import pytest

from example_config import ROOT

PROFILE = ROOT / "workflow/profiles/gridengine"
QUEUE = """job-ID  prior   name       user         state submit/start at     queue       slots ja-task-ID
-------------------------------------------------------------------------------------------------
      7 0.50000 gradnoise  me           {state:5} 11/29/2026 21:47:48 all.q@node      1
     77 0.50000 gradnoise  me           Eqw   11/29/2026 21:47:48                 1
"""


def say(folder: Path, script: str, *arguments: str, **programs: str) -> str:
    """What a script of the profile prints, with programs in the place of Grid Engine's."""
    for name, text in programs.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    done = subprocess.run(
        [PROFILE / script, *arguments],
        cwd=folder,
        env={"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def submitted(folder: Path, *needs: str) -> list[str]:
    return say(folder, "submit.sh", *needs, "job.sh", qsub='printf "%s\\n" "$@"').split("\n")


@pytest.mark.parametrize(
    ("needs", "resources"),
    [
        (("1", "650", "10", "0"), "h_rt=600,ram=650M"),
        # Memory is counted for every slot, and rounded up; GPUs for the job.
        (("4", "9201", "25", "1"), "h_rt=1500,ram=2301M,gpu=1"),
        (("4", "9200", "25", "2"), "h_rt=1500,ram=2300M,gpu=2"),
    ],
)
def test_a_submission_asks_for_what_the_rule_declares(
    tmp_path: Path, needs: tuple[str, ...], resources: str
) -> None:
    words = submitted(tmp_path, *needs)
    assert words[words.index("-l") + 1] == resources
    slots = words.index("-pe")
    assert words[slots + 1 : slots + 3] == ["smp", needs[0]]
    assert words[-1] == "job.sh"
    logs = tmp_path / words[words.index("-o") + 1]
    assert logs.is_dir()


def queue(state: str) -> str:
    """A queue that has a job 7 in a state, or, where that is empty, none."""
    known = "true" if state else 'case "$*" in *-j*) exit 1;; esac'
    return f"{known}\ncat <<'END'\n{QUEUE.format(state=state)}END"


def accounting(exit_status: int, failed: str) -> str:
    return f"echo 'qname  all.q'; echo 'failed       {failed}'; echo 'exit_status  {exit_status}  '"


@pytest.mark.parametrize(
    ("state", "account", "status"),
    [
        ("r", "exit 1", "running"),
        ("qw", "exit 1", "running"),
        ("hqw", "exit 1", "running"),
        ("dr", "exit 1", "running"),
        ("Eqw", "exit 1", "failed"),
        ("", "exit 1", "running"),  # accounting lags behind the queue
        ("", accounting(0, "0"), "success"),
        ("", accounting(1, "0"), "failed"),
        ("", accounting(0, "100 : assumedly after job"), "failed"),
    ],
)
def test_a_job_is_as_its_queue_says_and_then_its_account(
    tmp_path: Path, state: str, account: str, status: str
) -> None:
    assert say(tmp_path, "status.sh", "7", qstat=queue(state), qacct=account) == status
