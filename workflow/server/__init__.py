"""A warm server for local runs: processes that have imported everything, and fork for every job.

`client` is what jobs run when they say `python`, `process` the server. A job is what it would be without: its own
process, with the same command line, environment, output, signals and exit status. Where no server serves it (on
clusters and other systems than Linux, after an edit of the source code) it runs as `python -m` does.
"""

import atexit
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from snakemake.shell import shell

from server.client import ADDRESS, KINDS

HERE = Path(__file__).parent
# Elsewhere forks of a process with this many libraries are not safe.
LINUX = sys.platform == "linux"


def start(source: Path) -> None:
    """Start the servers of this process's jobs; they end with it, however it ends.

    Args:
        source: folder of the package, whose edits end the service.
    """
    if not LINUX:
        return
    with suppress(OSError):  # too long a name for a socket, no space, no process left
        folder = Path(tempfile.mkdtemp(prefix="gradnoise-"))  # for this user alone: mode 0700
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.close(os.pidfd_open(os.getpid()))  # Linux 5.3
        for kind in KINDS:
            _start(folder / kind, source)
        os.environ[ADDRESS] = str(folder)
        _set_prefix(shlex.quote(str(HERE / "client.py")))


def _set_prefix(client: str) -> None:
    """Let `python` be a function of bash in every command, beside what Snakemake puts there by itself."""
    prefix = f'set -euo pipefail; python() {{ command python -IS {client} "$@"; }}; '
    shell.prefix(prefix.replace("{", "{{").replace("}", "}}"))  # it is formatted


def _start(path: Path, source: Path) -> None:
    """One server, which listens before it runs: the first job need only wait."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(1024)
        number = listener.fileno()
        process = subprocess.Popen(
            [sys.executable, HERE / "process.py", str(number), str(path), source],
            stdin=subprocess.PIPE,
            pass_fds=[number],
            start_new_session=True,  # Ctrl-C is for the jobs, through their clients
        )
    # The server ends when the last end of its input is closed: at the latest when this process dies.
    assert process.stdin is not None
    atexit.register(process.stdin.close)
