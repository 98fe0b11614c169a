"""What a stage runs in gives way: disks, memory, another process. It ends in one line, and the next run makes it good."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

import example_experiment
import example_faults
from example_experiment import LONG, Job, TinyExperiment
from example_outcomes import Outcomes

# One that writes each kind of file: checkpoints, stores, HDF5, tables, figures, a page.
WRITERS = ("training", "noise", "gaussianity", "tables", "figures", "report")
MOUNT = shutil.which("mount") and os.geteuid() == 0


def rules(experiment: TinyExperiment) -> list[str]:
    """Stages to try: all, or in CI one of each kind."""
    return experiment.rules() if LONG else list(WRITERS)


def assert_told(ended: example_faults.Ended, *words: str) -> None:
    """A job ended in a line with any of these words."""
    assert ended.status == 1, ended
    assert ended.line.startswith("error: "), ended.said
    assert any(each in ended.line for each in words), ended.line
    # HDF5 says by itself, before the line, that an object could not be closed.
    assert "Traceback" not in ended.said or "ObjectID._dealloc" in ended.said


def moved(experiment: TinyExperiment, job: Job) -> dict[str, str]:
    """The results of a job that published elsewhere, under the paths they would have had."""
    found = experiment.found(job.elsewhere())
    return {path.removeprefix("trial/"): value for path, value in found.items()}


@contextmanager
def small_disk(experiment: TinyExperiment, size: str) -> Iterator[Callable[[str], None]]:
    """The folder `trial` on a disk of its own; what is given changes the disk's options."""
    place = experiment.folder / "trial"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr}")
    try:
        yield lambda options: subprocess.run(
            ["mount", "-o", f"remount,{options}", str(place)], check=True
        )
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


@pytest.mark.slow
@pytest.mark.skipif(not MOUNT, reason="only root can mount a disk")
def test_a_disk_that_is_full_or_read_only_is_told_and_then_made_good(
    experiment: TinyExperiment, outcomes: Outcomes
) -> None:
    for rule in rules(experiment):
        job = experiment.job(rule)
        with small_disk(experiment, "8k") as remount:
            ended = example_experiment.run(job.elsewhere(), experiment.folder)
            if ended.status == 0:  # it fits
                continue
            # Some look at the disk before they begin.
            assert_told(ended, os.strerror(errno.ENOSPC), "GB are free")
            remount("ro,size=64m")
            ended = example_experiment.run(job.elsewhere(), experiment.folder)
            assert_told(ended, os.strerror(errno.EROFS))
            remount("rw")
            assert example_experiment.run(job.elsewhere(), experiment.folder).status == 0
            assert moved(experiment, job) == experiment.of(job), rule
        outcomes.add("a disk that is full", rule, identical=1, told=1)
        outcomes.add("a disk that is read-only", rule, identical=1, told=1)
        outcomes.add("results on another file system", rule, identical=1)


@pytest.mark.slow
def test_a_limit_of_a_files_size_is_told_and_then_made_good(
    experiment: TinyExperiment, outcomes: Outcomes
) -> None:
    for rule in rules(experiment):
        job = experiment.job(rule)
        sizes = [(experiment.folder / path).stat().st_size for path in experiment.of(job)]
        limit = max(sizes) // 2
        ended = example_experiment.run(
            job.elsewhere(),
            experiment.folder,
            lambda most=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        )
        assert_told(ended, os.strerror(errno.EFBIG))
        assert example_experiment.run(job.elsewhere(), experiment.folder).status == 0
        assert moved(experiment, job) == experiment.of(job), rule
        shutil.rmtree(experiment.folder / "trial")
        outcomes.add("a file as large as is allowed", rule, identical=1, told=1)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="addresses are counted there")
@pytest.mark.parametrize("rule", ["gradients", "trajectory"])
def test_too_little_memory_is_told_and_then_made_good(
    experiment: TinyExperiment, outcomes: Outcomes, rule: str
) -> None:
    job, taken = experiment.job(rule), list[bytearray]()

    def limit() -> None:
        now = psutil.Process().memory_info().vms
        resource.setrlimit(resource.RLIMIT_AS, (now, now + (1 << 19)))
        # What this process has freed could be enough for so small a job: it is taken first.
        for size in (1 << 20, 1 << 16, 1 << 12):
            with suppress(MemoryError):
                while True:
                    taken.append(bytearray(size))
        resource.setrlimit(resource.RLIMIT_AS, (now + (1 << 19), now + (1 << 19)))

    assert_told(example_experiment.run(job.elsewhere(), experiment.folder, limit), "out of memory")
    assert example_experiment.run(job.elsewhere(), experiment.folder).status == 0
    assert moved(experiment, job) == experiment.of(job)
    shutil.rmtree(experiment.folder / "trial")
    outcomes.add("out of memory", rule, identical=1, told=1)


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["training", "trajectory"])
def test_a_run_that_diverges_is_told_with_its_learning_rate(
    experiment: TinyExperiment, outcomes: Outcomes, rule: str
) -> None:
    job = experiment.job(rule).elsewhere(learning_rate=1e30)
    assert_told(example_experiment.run(job, experiment.folder), "learning rate 1e+30")
    shutil.rmtree(experiment.folder / "trial")
    outcomes.add("a run that diverges", rule, told=1)


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["training", "noise"])
def test_beside_a_job_that_lives_a_second_one_says_who_holds_the_place(
    experiment: TinyExperiment, outcomes: Outcomes, rule: str
) -> None:
    folder, job = experiment.folder, experiment.job(rule)
    experiment.forget(job)
    first = example_experiment.start(job, folder)
    area = folder / job.outputs[0].with_name(f".{job.outputs[0].name}.work")
    while not (area / "content").exists():
        time.sleep(0.001)
    os.kill(first, signal.SIGSTOP)
    second = folder / "second"  # where it writes what it says
    second.mkdir()
    for name in ("results", "src"):
        (second / name).symlink_to(folder / name)
    try:
        assert_told(example_experiment.run(job, second), f"pid {first}; wait for it or stop it")
    finally:
        os.kill(first, signal.SIGCONT)
        shutil.rmtree(second)
    assert example_faults.wait(first, folder).status == 0
    assert experiment.found(job) == experiment.of(job)
    outcomes.add("a second job beside one that lives", rule, identical=1, told=1)
