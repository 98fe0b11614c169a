"""Signals to stages and to Snakemake itself: the next run, or `make resume`, ends with the same results."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

import example_experiment
import example_faults
import example_project
import server
from example_config import ROOT
from example_experiment import LONG, TinyExperiment
from example_outcomes import Outcomes
from resume import living

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
INSTANTS = 4 if LONG else 1  # of a job's time
# Stages whose finished work is kept for a second attempt, whatever becomes of the first.
COSTLY = ("training", "gradients", "noise", "moments", "trajectory")
SAME = "the same command again"


def wait_until(what: Callable[[], object], seconds: float = 600) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def processor_time(number: int) -> float:
    """Seconds that a child has used; without end once it is over."""
    try:
        times = psutil.Process(number).cpu_times()
        zombie = psutil.Process(number).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return float("inf")
    return float("inf") if zombie else times.user + times.system


@pytest.mark.slow
def test_a_signal_to_a_stage_costs_a_part_of_its_work(
    experiment: TinyExperiment, outcomes: Outcomes
) -> None:
    folder, wrong = experiment.folder, []
    for place, rule in enumerate(experiment.rules()):
        job = experiment.job(rule)
        # In CI each stage gets one of them, in turn.
        for number in SIGNALS if LONG else [SIGNALS[place % 3]]:
            for instant in range(INSTANTS):
                experiment.forget(job)
                started = example_experiment.start(job, folder)
                wait_until(
                    lambda at=(instant + 0.5) / INSTANTS * job.seconds, pid=started: (
                        processor_time(pid) >= at
                    )
                )
                os.kill(started, number)
                ended = example_faults.wait(started, folder)
                if ended.status not in (0, 1, -number, 128 + number) or "Traceback" in ended.said:
                    wrong.append(f"{rule}, {number.name}: {ended.status}, {ended.said}")
                if number == signal.SIGKILL:
                    example_faults.remove(job.outputs, folder)  # as Snakemake does then
                again = example_experiment.run(job, folder)
                if experiment.found(job) != experiment.of(job):
                    wrong.append(f"{rule} after {number.name}: other results; {again.said}")
                outcomes.add(f"{number.name} to a stage, then {SAME}", rule, identical=1)
    assert not example_faults.attempts(folder)
    assert not wrong, "\n".join(wrong)


def is_named(process: psutil.Process, name: str) -> bool:
    try:
        return process.name() == name
    except psutil.NoSuchProcess:
        return False


class Project:
    """A copy of the project in which the shared stages are done, and all that hangs on training is not."""

    def __init__(self, experiment: TinyExperiment, folder: Path) -> None:
        self.experiment = example_experiment.copied(experiment, folder)
        self.folder = folder
        results = folder / "results"
        for name in ("small", "tables", "figures"):
            shutil.rmtree(results / name)
        for path in results.glob("*claim*"):
            path.unlink()
        shutil.copy(ROOT / "Makefile", folder)
        (folder / ".venv/bin").mkdir(parents=True)
        for name in ("python", "snakemake"):
            (folder / f".venv/bin/{name}").write_text(
                f'#!/bin/sh\nexec {sys.executable} {"-m snakemake" if name == "snakemake" else ""} "$@"\n'
            )
            (folder / f".venv/bin/{name}").chmod(0o755)
        self.environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    @contextmanager
    def snakemake(self, *target: str) -> Iterator[subprocess.Popen[bytes]]:
        """Snakemake as a user starts it; the console goes to a file."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2"]
        with (self.folder / "console").open("w") as console:
            process = subprocess.Popen(
                [*command, "--configfile", "overlay.yaml", *(["--", *target] if target else [])],
                cwd=self.folder,
                env=self.environment,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
            try:
                yield process
            finally:
                self.kill_all(process)

    def kill_all(self, process: subprocess.Popen[bytes]) -> None:
        """The whole tree at once, as by an out-of-memory killer or a power cut."""
        tree = [*self.descendants(process), *living(self.folder, "gradnoise")]
        for each in tree:
            try:
                each.kill()
            except psutil.NoSuchProcess:
                continue
        process.kill()
        process.wait()
        psutil.wait_procs(tree, timeout=30)

    @staticmethod
    def descendants(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
        """All that a process has started, and what these have."""
        try:
            return psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def named(self, process: subprocess.Popen[bytes], name: str) -> list[psutil.Process]:
        """Of these the jobs of a program."""
        return [each for each in self.descendants(process) if is_named(each, name)]

    def log(self, name: str) -> str:
        """What a job has said so far."""
        path = self.folder / "logs/results/small/seed-1" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def resume(self) -> str:
        """`make resume`, nothing installed anew."""
        command = ["make", "--old-file", ".venv/installed", "resume", "CONFIGFILE=overlay.yaml"]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def console(self) -> str:
        """What going on has said so far."""
        return (self.folder / "resumed").read_text()

    def resuming(self, target: str) -> subprocess.Popen[bytes]:
        """Start what `make resume` runs, for one file."""
        command = ["workflow/resume.py", "--cores", "2", "--configfile", "overlay.yaml"]
        with (self.folder / "resumed").open("w") as console:
            return subprocess.Popen(
                [sys.executable, *command, "--", target],
                cwd=self.folder,
                env=self.environment,
                stdout=console,
                stderr=console,
            )

    def finished(self) -> dict[Path, int]:
        """Files of the costly stages that are published now, with their inodes."""
        found = {}
        for job in self.experiment.jobs:
            for output in job.outputs if job.rule in COSTLY else []:
                place = self.folder / output
                for path in [place] if place.is_file() else place.rglob("*"):
                    if path.is_file() and not path.name.startswith(".snakemake"):
                        found[path] = path.stat().st_ino
        return found

    def is_whole(self) -> bool:
        """Whether all results are those of the experiment that nothing happened to."""
        return all(
            self.experiment.found(job) == self.experiment.of(job) for job in self.experiment.jobs
        )


def kill_main(project: Project, process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def signalled(number: signal.Signals) -> Callable[[Project, subprocess.Popen[bytes]], None]:
    def send(project: Project, process: subprocess.Popen[bytes]) -> None:
        os.killpg(process.pid, number)  # as a terminal does
        process.wait(timeout=600)
        assert "Traceback" not in (project.folder / "console").read_text()

    return send


FAULTS = {
    "kill -9 of the whole tree": Project.kill_all,
    "kill -9 of Snakemake": kill_main,
    "SIGTERM to Snakemake": signalled(signal.SIGTERM),
    "Ctrl-C": signalled(signal.SIGINT),
}
MOMENTS = ("epoch-2/noise/repeat-1.zarr", "training", "epoch-2/trajectory/plain.zarr")
CASES = [(fault, moment) for fault in FAULTS for moment in MOMENTS]


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "moment"), CASES if LONG else CASES[:1])
def test_make_resume_goes_on_where_it_was(
    finished: TinyExperiment, outcomes: Outcomes, tmp_path: Path, fault: str, moment: str
) -> None:
    project = Project(finished, tmp_path / "project")
    with project.snakemake() as process:
        wait_until(lambda: project.log(moment) or process.poll() is not None)
        FAULTS[fault](project, process)
    before = project.finished()
    project.resume()
    assert project.is_whole()
    after = project.finished()
    assert {path: after[path] for path in before} == before  # none was made anew
    outcomes.add(f"{fault}, then make resume", "Snakemake", identical=1)


@pytest.mark.slow
@pytest.mark.skipif(not server.LINUX, reason="a job is found by its name there")
def test_a_training_that_outlives_snakemake_is_waited_for_and_taken_as_it_is(
    finished: TinyExperiment, outcomes: Outcomes, tmp_path: Path
) -> None:
    project = Project(finished, tmp_path / "project")
    table, job = "results/small/seed-1/training.csv", finished.job("training")
    with project.snakemake(table) as process:
        wait_until(lambda: project.named(process, "training"))
        (training,) = project.named(process, "training")
        training.suspend()
        second = example_project.snakemake(project.folder, "--cores", "1")
        kill_main(project, process)
        client = [each.pid for each in living(project.folder, "gradnoise")]
        resuming = project.resuming(table)
        wait_until(lambda: "Waiting" in project.console(), 60)
        training.resume()
        assert resuming.wait(600) == 0, project.console()
    assert second.returncode == 1
    assert "cannot be locked" in second.stdout + second.stderr
    assert project.console().startswith(f"Waiting for jobs that live on: pid {client[0]}")
    said = project.log("training")
    assert "taking back what an earlier attempt finished" in said
    assert "epoch" not in said.replace("epoch-", "")
    assert project.experiment.found(job) == finished.of(job)
    before = project.finished()
    example_faults.remove(job.outputs, project.folder)  # as Snakemake does after a time limit
    assert project.resuming(table).wait(600) == 0, project.console()
    assert "taking back what an earlier attempt finished" in project.log("training")
    assert project.finished() == before
    outcomes.add("a second Snakemake beside the first", "Snakemake", told=1)
    outcomes.add("a job that outlives Snakemake, then make resume", "training", identical=1)
    outcomes.add("finished results removed, as after a time limit", "training", identical=1)
