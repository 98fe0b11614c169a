"""`snakemake --lint` with its one accepted finding: rules name no conda environment and no container.

The Python environment is the project's own (requirements.lock); an image that does not exist is not named.
"""

import subprocess
import sys
from pathlib import Path

ACCEPTED = "Specify a conda environment or container for each rule."


def main() -> None:
    """Exit with the other findings, if there are any."""
    command = [sys.executable, "-m", "snakemake", "--lint"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    text = done.stdout + done.stderr
    findings = [line.strip() for line in text.splitlines() if line.lstrip().startswith("* ")]
    others = [finding for finding in findings if ACCEPTED not in finding]
    if others or (done.returncode and not findings):
        sys.exit(text)
    print(f"snakemake --lint: {len(findings)} findings, all of them the accepted one")


if __name__ == "__main__":
    main()
