"""The README's promise: the default experiment, from a fresh clone, in minutes; and nothing to do after it."""

import csv
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The promise is 5 minutes and 6 seconds on two idle cores; a shared machine gets some slack here, and the
# measured times are printed.
SECONDS, SECONDS_SECOND, BYTES = 480, 15, 2e9


def snakemake(folder: Path) -> tuple[str, float]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "all"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    text = done.stdout + done.stderr
    assert done.returncode == 0, text[-5000:]
    return text, time.perf_counter() - start


@pytest.mark.slow
def test_the_default_experiment_runs_from_a_fresh_clone_within_its_promise(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: there is no clone to make")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    _, seconds = snakemake(tmp_path)
    written = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    report = (tmp_path / "results/report.html").read_text()
    again, seconds_again = snakemake(tmp_path)
    print(
        f"\ndefault experiment: {seconds:.0f} s, {written / 1e6:.0f} MB; again: {seconds_again:.1f} s"
    )
    assert "Nothing to be done" in again
    with (tmp_path / "results/claims.csv").open() as file:
        verdicts = {(row["claim"], row["run"]): row["verdict"] for row in csv.DictReader(file)}
    # Theory without a free parameter predicts the variance along every direction known to 2 %.
    assert verdicts["variance_exactly_predicted", "softmax_regression"] == "supported"
    # Links that a reader may follow are <a>; anything that a browser would load by itself stands in the page.
    loaded = re.findall(
        r"<(?:img|link|script|iframe|source)[^>]*?(?:src|href)=[\"'](?!data:)[^>]*", report
    )
    assert "<img" in report
    assert not loaded
    assert not re.search(r"@import|url\(", report)
    assert seconds < SECONDS
    assert seconds_again < SECONDS_SECOND
    assert written < BYTES
