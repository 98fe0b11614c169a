"""The workflow on a real Slurm, through its profile: the same bits as without, and nothing lost to what happens there."""

import filecmp
import re
import tempfile
import time
from pathlib import Path

import pytest

from cluster.experiments import BATCHES, EPOCHS, LOG, NOISE, Project
from cluster.private_slurm import Slurm
from cluster.scenarios import (
    both_ways,
    cancelled,
    drained,
    killed_and_cancelled,
    killed_and_finished,
    killed_and_restarted,
    of,
    out_of_memory,
    out_of_time,
)

pytestmark = pytest.mark.cluster

ONCE = EPOCHS * BATCHES + 1  # passes of a training that was never repeated, the first look included


@of(both_ways)
def test_results_are_those_of_a_local_run_bit_for_bit(project: Project) -> None:
    here, there = (project.folder / name for name in ("results", "from-the-cluster"))
    files = {
        folder: {
            str(path.relative_to(folder))
            for path in folder.rglob("*")
            if path.is_file() and path.name != ".snakemake_timestamp"
        }
        for folder in (here, there)
    }
    assert files[here] == files[there]
    assert len(files[here]) > 200
    _, different, unreadable = filecmp.cmpfiles(here, there, files[here], shallow=False)
    assert not different
    assert not unreadable


@of(both_ways)
def test_jobs_go_where_they_fit_and_short_ones_share_a_submission(project: Project) -> None:
    said = project.said
    assert "Auto-selected partition 'gpu' for job training" in said
    assert "Auto-selected partition 'cpu' for job noise" in said
    assert "No suitable partition" not in said
    assert said.count("has been submitted") < said.count("Finished jobid") / 2


@of(cancelled)
def test_a_cancelled_training_goes_on_after_its_last_epoch(project: Project) -> None:
    assert project.ended("CANCELLED") == 2
    assert "going on after epoch 2" in project.text(LOG)
    assert project.passes == ONCE + 1  # the one that was held up


@of(cancelled)
def test_cancelled_noise_goes_on_after_its_last_block(project: Project) -> None:
    log = project.text("logs/" + NOISE.replace(".zarr", ".log"))
    assert "resuming the work left in" in log


@of(out_of_time)
def test_a_training_out_of_time_goes_on_with_more(project: Project) -> None:
    assert project.text("passes-when-published") == str(ONCE + 1)
    asked = [int(found) for found in re.findall(r"runtime=(\d+)", project.text("run-1.log"))]
    first = asked[0]
    assert list(dict.fromkeys(asked)) == [first, 2 * first, 3 * first]


@of(out_of_time)
def test_a_time_limit_just_after_publishing_loses_nothing(project: Project) -> None:
    assert project.ended("TIMEOUT") == 2
    assert "Removing output files of failed job" in project.said
    assert project.passes == ONCE + 1


@of(out_of_memory)
def test_a_job_out_of_memory_gets_more_and_its_end_is_explained(project: Project) -> None:
    assert "Trying to restart job" in project.said
    assert "INFO gradnoise.training on" in project.said
    assert "oom" in project.said.lower() or "exceeded memory limit" in project.said


@of(killed_and_cancelled)
def test_after_a_kill_cancelled_jobs_are_gone_on_with(project: Project) -> None:
    assert "going on after epoch 2" in project.text(LOG)
    assert project.passes == ONCE + 1


@of(killed_and_finished, killed_and_restarted)
def test_after_a_kill_nothing_that_was_finished_is_trained_again(project: Project) -> None:
    assert project.passes == ONCE


@of(drained)
def test_on_a_node_that_is_drained_a_job_goes_on_and_none_begins(project: Project) -> None:
    assert project.passes == ONCE
    before, after = project.text("nodes").split()
    assert before != after


def test_another_cluster_beside_it_is_left_alone(slurm: Slurm) -> None:
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, Slurm(Path(folder)) as other:
        for each in (slurm, other):
            output = Path(folder) / "output"
            job = "--wait", "--gres=gpu:1", "--partition=gpu", f"--output={output}"
            each("sbatch", *job, "--wrap", "echo $SLURMD_NODENAME")
            assert output.read_text().strip() == each.nodes[-1]
        assert not set(slurm.nodes) & set(other.nodes)
    assert slurm("sinfo", "-h", "-N", "-p", "cpu", "-o", "%N").split() == slurm.nodes
    assert "down" not in slurm("sinfo", "-h", "-o", "%T")


def test_nothing_is_left_running(slurm: Slurm) -> None:
    until = time.monotonic() + 60
    while (left := slurm("squeue", "-h").strip()) and time.monotonic() < until:
        time.sleep(1)
    assert not left
