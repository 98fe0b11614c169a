"""What jobs ask a scheduler for, held against the memory that they took, at two sizes."""

import json
import re
from collections import defaultdict
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

import sizes
from cluster.experiments import Project
from cluster.scenarios import both_ways, large, of
from example_config import ROOT

pytestmark = pytest.mark.cluster

# Of a job alone, or of one of several that share a submission, which are indented.
BLOCK = re.compile(
    r"rule (\w+?)(?:_\d+)?:\n(?: {4,}.*\n)*? {4,}output: (.*)\n(?: {4,}.*\n)*? {4,}resources: (.*mem_mb=(\d+).*)"
)


@cache
def taken(project: Project) -> dict[str, tuple[float, int]]:
    """Of every rule the job that comes closest to what it asked for: MiB that it took, and that it asked for.

    CUDA and the Snakemakes that come with a cluster's job are left out of both.
    """
    asked, found = defaultdict[str, list[tuple[str, int]]](list), dict[str, tuple[float, int]]()
    for rule, outputs, resources, memory in BLOCK.findall(project.said):
        elsewhere = sizes.SNAKEMAKE_MB + sizes.CUDA_MB * ("gpu=1" in resources)
        for output in outputs.split(", "):
            asked[output].append((rule, int(memory) - elsewhere))
    for line in project.text("peaks.jsonl").splitlines():
        peak, command = json.loads(line)
        # One after another for jobs that write the same.
        rule, memory = asked[dict(pairwise(command))["--output"]].pop(0)
        if peak / memory > np.divide(*found.get(rule, (0, 1))):
            found[rule] = peak, memory
    return found


@of(both_ways, large)
def test_every_rule_is_looked_at(project: Project) -> None:
    text = "\n".join(file.read_text() for file in (ROOT / "workflow/rules").glob("*.smk"))
    rules = re.findall(r"^rule (\w+):", text, re.M)
    several = re.findall(r'groups.rules\(EXPERIMENT, "(\w+)"\)', text)
    assert set(taken(project)) == {*rules, *several}


@of(both_ways, large)
def test_every_rule_stays_within_the_memory_it_asks_for(project: Project) -> None:
    over = {rule: pair for rule, pair in taken(project).items() if pair[0] > 0.95 * pair[1]}
    assert not over, f"MiB taken, MiB asked for: {over}"


@of(both_ways, large)
def test_no_rule_asks_for_far_more_than_it_takes(project: Project) -> None:
    idle = {rule: pair for rule, pair in taken(project).items() if pair[1] > 2 * pair[0] + 500}
    assert not idle, f"MiB taken, MiB asked for: {idle}"
