"""What Python does first where this folder is in PYTHONPATH.

Snakemake asks Slurm for its jobs every second: the plugin's intervals grow, and no option says otherwise. A job's process
leaves its largest resident memory behind, MiB, with its command.
"""

import atexit
import json
import os
import sys

PEAKS = os.path.abspath("peaks.jsonl")


def record() -> None:
    with open("/proc/self/status") as status:
        peak = next(line for line in status if line.startswith("VmHWM")).split()[1]
    with open(PEAKS, "a") as file:
        print(json.dumps([int(peak) / 1024, sys.argv]), file=file)


if "snakemake" in sys.orig_argv and "--profile" in sys.orig_argv:
    from snakemake_executor_plugin_slurm import Executor

    Executor.next_seconds_between_status_checks = property(lambda self: 1, lambda self, value: None)
elif any(word.startswith("gradnoise.") for word in sys.orig_argv):
    atexit.register(record)
