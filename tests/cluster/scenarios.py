"""What happens to the workflow on the cluster, each in a copy of the project of its own."""

import os
import shutil
from collections.abc import Callable

import pytest

from cluster.experiments import (
    HELD_UP,
    JOURNAL,
    LARGE,
    LOG,
    MIDDLE,
    NOISE,
    SECONDS,
    SMALL,
    TRAINING,
    Project,
)
from cluster.private_slurm import Slurm

Scenario = Callable[[Project, Slurm], None]


def both_ways(project: Project, _: Slurm) -> None:
    """The same experiment on the cluster, some of it once more in parts, and all without a cluster."""
    assert project.run() == 0, project.said[-5000:]
    results = project.folder / "results"
    shutil.copytree(results, project.folder / "from-the-cluster", copy_function=os.link)
    noise = "results/cnn/seed-1/epoch-1/noise/repeat-1.zarr"
    assert project.in_parts(noise) == 0, project.said[-5000:]
    shutil.rmtree(results)
    assert project.locally() == 0, project.said[-5000:]


def large(project: Project, _: Slurm) -> None:
    """Sizes that fill memory; every job is a process of its own, as on a cluster."""
    assert project.locally("--no-hooks") == 0, project.said[-5000:]
    noise = "results/large/seed-1/epoch-1/noise/repeat-1.zarr"
    assert project.in_parts(noise) == 0, project.said[-5000:]


def in_training(project: Project, slurm: Slurm) -> str:
    """Number of the job that trains, held up after two of its epochs."""
    project.wait(lambda: project.passes == MIDDLE + 1)
    (job,) = project.jobs(slurm)
    return job


def cancelled(project: Project, slurm: Slurm) -> None:
    """The training and then the noise, each held up in its middle."""
    project.hold("training")
    project.hold("noise")
    snakemake = project.start(NOISE)
    slurm("scancel", in_training(project, slurm))
    project.wait(lambda: project.ended("CANCELLED") == 1)
    project.release("training")
    project.wait(lambda: "from batch 0" in project.text(JOURNAL))
    slurm("scancel", *project.jobs(slurm))
    project.wait(lambda: project.ended("CANCELLED") == 2)
    project.release("noise")
    assert snakemake.wait(SECONDS) == 0, project.said[-5000:]


def out_of_time(project: Project, slurm: Slurm) -> None:
    """The first attempt in mid-work, the second when all is published; held up, they would last for ever."""
    project.hold("training")
    project.hold("end")
    snakemake = project.start(TRAINING)
    time_is_over(in_training(project, slurm), slurm)
    project.wait(lambda: project.ended("TIMEOUT") == 1)
    project.release("training")
    project.wait(lambda: (project.folder / TRAINING).exists())
    time_is_over(*project.jobs(slurm), slurm)
    project.wait(lambda: project.ended("TIMEOUT") == 2)
    (project.folder / "passes-when-published").write_text(str(project.passes))
    project.release("end")
    assert snakemake.wait(SECONDS) == 0, project.said[-5000:]


def time_is_over(job: str, slurm: Slurm) -> None:
    """Slurm's limits are minutes, and a job's own is many."""
    slurm("scontrol", "update", f"jobid={job}", "EndTime=now")


def out_of_memory(project: Project, _: Slurm) -> None:
    (project.folder / "greedy").touch()
    assert project.run(TRAINING) == 0, project.said[-5000:]


def killed_and_cancelled(project: Project, slurm: Slurm) -> None:
    """Snakemake dies, its job lives: cancelled as README says, another command goes on."""
    project.hold("training")
    snakemake = project.start(TRAINING)
    in_training(project, slurm)
    project.kill(snakemake)
    slurm("scancel", "--name", project.run_id)
    project.wait(lambda: not project.jobs(slurm))
    project.release("training")
    assert project.resume(TRAINING) == 0, project.said[-5000:]


def killed_and_finished(project: Project, slurm: Slurm) -> None:
    """Snakemake dies, its job finishes all the same before the work is gone on with."""
    project.hold("training")
    snakemake = project.start(TRAINING)
    in_training(project, slurm)
    project.kill(snakemake)
    project.release("training")
    project.wait(lambda: not project.jobs(slurm))
    assert project.resume(TRAINING) == 0, project.said[-5000:]


def killed_and_restarted(project: Project, slurm: Slurm) -> None:
    """Snakemake dies and is started again, against README's advice, while its job, which has published, lives on."""
    project.hold("end")
    snakemake = project.start(TRAINING)
    project.wait(lambda: (project.folder / TRAINING).exists())
    (first,) = project.jobs(slurm)
    project.kill(snakemake)
    assert project.locally("--unlock") == 0
    snakemake = project.start(TRAINING)
    project.wait(lambda: "taking back what" in project.text(LOG))
    assert slurm("squeue", "-h", "-j", first, "-o", "%T").strip() == "RUNNING"
    project.release("end")
    assert snakemake.wait(SECONDS) == 0, project.said[-5000:]


def drained(project: Project, slurm: Slurm) -> None:
    """The node on which a training runs is drained; noise is sampled on the other one."""
    project.hold("training")
    project.hold("noise")
    snakemake = project.start(NOISE)
    node = slurm("squeue", "-h", "-j", in_training(project, slurm), "-o", "%N").strip()
    slurm("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    try:
        project.release("training")
        project.wait(lambda: "from batch 0" in project.text(JOURNAL))
        (job,) = project.jobs(slurm)
        other = slurm("squeue", "-h", "-j", job, "-o", "%N").strip()
    finally:
        slurm("scontrol", "update", f"nodename={node}", "state=resume")
    (project.folder / "nodes").write_text(f"{node} {other}")
    project.release("noise")
    assert snakemake.wait(SECONDS) == 0, project.said[-5000:]


# Experiment of each, those that take longest in front.
SCENARIOS: dict[Scenario, dict[str, object]] = {both_ways: SMALL, large: LARGE}
SCENARIOS |= dict.fromkeys(
    (
        *(out_of_time, cancelled, killed_and_restarted, killed_and_cancelled),
        *(killed_and_finished, out_of_memory, drained),
    ),
    HELD_UP,
)


def of(*scenarios: Scenario) -> pytest.MarkDecorator:
    """The project that a test looks at."""
    return pytest.mark.parametrize(
        "project", scenarios, indirect=True, ids=lambda each: each.__name__
    )
