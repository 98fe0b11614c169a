"""Run a module as `python -m` does: as a fork of the warm server, or, where none serves it, in this process.

    python -IS workflow/server/client.py -m gradnoise.tables --output results/tables

Any other command line is Python's own. Imports little, since every job starts it.
"""

import marshal
import os
import signal
import socket
import sys
from types import FrameType

ADDRESS = "GRADNOISE_SERVER"  # environment variable: folder of the sockets
# A process with torch forks at three times the cost, so that programs that do not need it have a server without.
KINDS = ("light", "torch")
TORCH = tuple(
    f"gradnoise.{name}" for name in ("training", "gradients", "trajectory", "geometry", "related")
)


def main() -> None:
    """Run the module that the command line names; its exit status, or the signal that ended it, is this process's."""
    match sys.argv[1:]:
        case ["-m", module, *arguments]:
            status = served(module, arguments)
        case _:
            status = None
    if status is None:
        os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
    if status >= 0:
        os._exit(status)
    if -status != signal.SIGKILL:
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)


def served(module: str, arguments: list[str]) -> int | None:
    """Exit status of the job as `subprocess` gives it, None where no server took it."""
    folder = os.environ.get(ADDRESS)
    if not folder:
        return None
    request = marshal.dumps((module, arguments, os.getcwd(), dict(os.environ)))
    with socket.socket(socket.AF_UNIX) as server:
        try:
            server.connect(os.path.join(folder, KINDS[module in TORCH]))
            socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
            server.sendall(request)
            if not server.recv(1):
                return None
        except OSError:
            return None
        _hand_on_signals(server)
        ended = server.recv(8)
    # Without a word: killed together with the process that looked after it.
    return int(ended) if ended else -signal.SIGKILL


def _hand_on_signals(server: socket.socket) -> None:
    """Give the job what a terminal or scheduler sends here; that this process dies it notices by itself."""

    def hand_on(number: int, _: FrameType | None) -> None:
        server.send(bytes([number]))

    def pause(*_: object) -> None:
        server.send(bytes([signal.SIGSTOP]))
        os.kill(os.getpid(), signal.SIGSTOP)
        server.send(bytes([signal.SIGCONT]))

    for number, handler in (
        (signal.SIGINT, hand_on),
        (signal.SIGTERM, hand_on),
        (signal.SIGTSTP, pause),
    ):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


if __name__ == "__main__":
    main()
