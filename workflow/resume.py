"""Go on after a kill or a crash: `make resume`, or this program with the options of the run that was cut short.

It waits for the jobs that live on on this computer, removes Snakemake's lock, and has Snakemake make anew what it
takes for incomplete. What was finished is not computed again: stages take back what they have kept.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

INTERVAL = 1.0  # seconds between looks at jobs that live on


def living(folder: Path, module: str) -> Iterator[psutil.Process]:
    """Processes that were started in a folder as `python -m module` (or a module in it), or as its command."""
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            modules = [Path(word).name for word in words[:6]]
            named = any(word == module or word.startswith(f"{module}.") for word in modules)
            if named and process.is_running() and Path(process.cwd()).samefile(folder):
                yield process
        except (psutil.Error, OSError):
            continue  # it has ended, or is another user's


def main(arguments: Sequence[str]) -> int:
    """Wait, unlock, run; Snakemake's exit status."""
    here = Path.cwd()
    for process in living(here, "snakemake"):
        sys.exit(
            f"Snakemake is running in {here}, pid {process.pid}: wait for it, or stop it (Ctrl-C)"
        )
    announced = False
    while left := [process.pid for process in living(here, "gradnoise")]:
        if not announced:
            print(f"Waiting for jobs that live on: pid {', '.join(map(str, left))}", flush=True)
            announced = True
        time.sleep(INTERVAL)
    snakemake = [sys.executable, "-m", "snakemake"]
    # In front: after "--" stand files.
    unlocked = subprocess.run([*snakemake, "--unlock", *arguments], check=False).returncode
    again = [*snakemake, "--rerun-incomplete", *arguments]
    return unlocked or subprocess.run(again, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
