"""What jobs ask a scheduler for, held against the memory that they took, at two sizes."""

import json
import re
from itertools import pairwise

import numpy as np
import pytest

import sizes
from cluster.experiments import Project
from cluster.scenarios import both_ways, large, of

pytestmark = pytest.mark.cluster

SIZED = {"data", "training", "gradients", "noise", "moments", "gaussianity", "clt", "tails"}
SIZED |= {"rejection", "trajectory", "langevin", "tables", "figures", "claims"}
FIXED = {"calibration", "control", "balance", "geometry", "shared_figures", "report"}


def declared(project: Project) -> dict[str, tuple[str, int]]:
    """Rule and MiB asked for, by output; without CUDA and the Snakemakes that come with a cluster's job."""
    blocks = r"rule (\w+?)(?:_\d+)?:\n(?:    .*\n)*?    output: (.*)\n(?:    .*\n)*?    resources: (.*mem_mb=(\d+).*)"
    found: dict[str, tuple[str, int]] = {}
    for rule, outputs, resources, memory in re.findall(blocks, project.plan()):
        elsewhere = sizes.SNAKEMAKE_MB + sizes.CUDA_MB * ("gpu=1" in resources)
        found |= dict.fromkeys(outputs.split(", "), (rule, int(memory) - elsewhere))
    return found


def taken(project: Project) -> dict[str, tuple[float, int]]:
    """Of every rule the job that comes closest to what it asked for: MiB that it took, and that it asked for."""
    asked, found = declared(project), dict[str, tuple[float, int]]()
    for line in project.text("peaks.jsonl").splitlines():
        peak, command = json.loads(line)
        rule, memory = asked[dict(pairwise(command))["--output"]]
        if peak / memory > np.divide(*found.get(rule, (0, 1))):
            found[rule] = peak, memory
    return found


@of(both_ways, large)
def test_every_rule_stays_within_the_memory_it_asks_for(project: Project) -> None:
    found = taken(project)
    assert set(found) >= SIZED
    over = {rule: pair for rule, pair in found.items() if pair[0] > 0.95 * pair[1]}
    assert not over, f"MiB taken, MiB asked for: {over}"


@of(both_ways, large)
def test_no_rule_asks_for_far_more_than_it_takes(project: Project) -> None:
    found = taken(project)
    idle = {rule: pair for rule, pair in found.items() if pair[1] > 2 * pair[0] + 500}
    assert not idle, f"MiB taken, MiB asked for: {idle}"


@of(both_ways)
def test_rules_of_no_size_are_looked_at_too(project: Project) -> None:
    assert set(taken(project)) == SIZED | FIXED
