"""Where an experiment's seconds go, and which verdicts they buy.

python benchmarks/pipeline.py [config file]        run it in a fresh copy of the project, on all cores
python benchmarks/pipeline.py --finished FOLDER    of a project folder in which it has run

For each stage: jobs, their seconds, and those left without start-up (`--help` of the stage's program, timed here, as
a fork of the warm server where there is one). For each run: its seconds, and the claims that its rows decide. The total
beside the seconds during which all cores could have been busy. After a run of its own also what an edit costs: a colour
of the figures, then the significance level.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
import server
from gradnoise.claims import results
from gradnoise.claims.headline import count

ROOT = Path(__file__).parents[1]
DECIDED = ("supported", "contradicted")


class Job(NamedTuple):
    rule: str
    start: float
    end: float
    output: str

    @property
    def seconds(self) -> float:
        return self.end - self.start


def jobs(folder: Path) -> list[Job]:
    """Every job that Snakemake has recorded, once."""
    found: dict[tuple[str, str], Job] = {}
    for path in (folder / ".snakemake/metadata").rglob("*"):
        if not path.is_file():
            continue
        record = json.loads(path.read_text())
        times = float(record["starttime"]), float(record["endtime"])
        program = record["shellcmd"] or ""
        words = program.split()
        output = next((words[k + 1] for k, word in enumerate(words) if word == "--output"), "")
        # Each output of a job has its own record, with times of its own.
        # Several rules of a stage are numbered.
        rule = re.sub(r"_\d+$", "", record["rule"])
        found.setdefault((rule, program), Job(rule, *times, output.strip("'")))
    return sorted(found.values(), key=lambda job: job.start)


def fresh_copy(folder: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def warm(folder: Path) -> None:
    """Compile every kernel, as the installation does."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    command = [sys.executable, "-m", "gradnoise.warm"]
    subprocess.run(command, cwd=folder, env=environment, check=True)


def start_up(rule: str) -> float:
    """Seconds until a stage's program has read its command line; the median of three, after one that warms up."""
    module = (
        "gradnoise.figures.training_curves" if rule.endswith("figures") else f"gradnoise.{rule}"
    )
    client = [sys.executable, "-IS", ROOT / "workflow/server/client.py", "-m", module, "--help"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    times = []
    for _ in range(4):
        begin = time.perf_counter()
        subprocess.run(client, stdout=subprocess.DEVNULL, env=environment, check=True)
        times.append(time.perf_counter() - begin)
    return statistics.median(times[1:])


def run(folder: Path, *configfiles: str) -> float:
    """Seconds of Snakemake on all cores."""
    overlay = ["--configfile", *configfiles] if configfiles else []
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "--quiet", "all", *overlay]
    begin = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True)
    return time.perf_counter() - begin


def edits(folder: Path, config: dict[str, Any], *configfiles: str) -> None:
    """Seconds after a change of one line of the config."""
    colours = ["#000000", *config["figures"]["colours"][1:]]
    changes = {
        "a colour": {"figures": {"colours": colours}},
        "the significance level": {"gaussianity": {"significance": 0.01}},
    }
    for name, change in changes.items():
        (folder / "edit.yaml").write_text(yaml.safe_dump(change))
        seconds = run(folder, *configfiles, "edit.yaml")
        print(f"after a change of {name}: {seconds:.0f} s")


def stages(done: list[Job]) -> None:
    by_rule: dict[str, list[Job]] = defaultdict(list)
    for job in done:
        by_rule[job.rule].append(job)
    print(f"{'stage':14}{'jobs':>6}{'seconds':>10}{'each':>8}{'useful':>9}")
    total = useful = 0.0
    for rule, mine in by_rule.items():
        seconds = sum(job.seconds for job in mine)
        left = max(0.0, seconds - len(mine) * start_up(rule))
        total, useful = total + seconds, useful + left
        print(f"{rule:14}{len(mine):6}{seconds:10.1f}{seconds / len(mine):8.2f}{left:9.1f}")
    print(f"{'all':14}{len(done):6}{total:10.1f}{total / len(done):8.2f}{useful:9.1f}")


def runs(done: list[Job], claims: pd.DataFrame, names: list[str]) -> None:
    """Seconds of every run's own jobs, against the claims that its rows decide."""
    print(f"\n{'run':24}{'seconds':>8}{'decided':>9}{'open':>6}  claims decided")
    shared = 0.0
    seconds: dict[str, float] = defaultdict(float)
    for job in done:
        parts = Path(job.output).parts
        owner = next((name for name in names if name in parts), None)
        owner = owner or next(
            (name for name in sorted(names, key=len, reverse=True) if f"{name}-" in job.output),
            None,
        )
        if owner:
            seconds[owner] += job.seconds
        else:
            shared += job.seconds
    for name in names:
        mine = claims[claims["run"].str.split(r"[ ,]", regex=True).str[0] == name]
        decided = sorted(set(mine.loc[mine["verdict"].isin(DECIDED), "claim"]))
        still = set(mine.loc[mine["verdict"] == "open", "claim"]) - set(decided)
        print(f"{name:24}{seconds[name]:8.1f}{len(decided):9}{len(still):6}  {', '.join(decided)}")
    print(f"{'all runs together':24}{shared:8.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", nargs="?")
    parser.add_argument("--finished", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.finished or Path(temporary)
        overlays = [arguments.config] if arguments.config else []
        if not arguments.finished:
            fresh_copy(folder)
            warm(folder)
            print(f"whole: {run(folder, *overlays):.0f} s")
        config = yaml.safe_load((folder / "config.yaml").read_text())
        if arguments.config:
            config |= yaml.safe_load((folder / arguments.config).read_text())
        done = jobs(folder)
        cores = os.cpu_count() or 1
        span = done[-1].end - done[0].start
        print(f"first job to last: {span:.0f} s on {cores} cores, {len(done)} jobs\n")
        os.environ["PYTHONPATH"] = str(ROOT / "src")
        server.start(ROOT / "src")
        stages(done)
        claims = results.read(folder / config["output"] / "claims.csv")
        runs(done, claims, list(config["runs"]))
        print(f"\n{count(claims).sentence}")
        if not arguments.finished:
            edits(folder, config, *overlays)


if __name__ == "__main__":
    main()
