"""One of this machine's GPUs for one process alone. Free of torch.

CUDA gives every process the first device that it may use, so that jobs side by side would share one of several. Here
each claims its own by a kernel lock on a file per device and user, which ends with the process, however that ends; where
all are claimed it waits. A scheduler shows a job its own devices: where that is one, there is nothing to claim.
"""

import fcntl
import logging
import os
import tempfile
import time
from pathlib import Path

from gradnoise.errors import InputError

log = logging.getLogger(__name__)

VISIBLE = "CUDA_VISIBLE_DEVICES"
DEVICES = Path("/dev")
WAIT = 0.5  # seconds until it looks again

_held: list[int] = []  # the claimed device's lock, open as long as the process lives


def visible() -> list[str]:
    """NVIDIA GPUs that CUDA may use, as it names them: all of this machine, or those that the environment lists."""
    given = os.environ.get(VISIBLE)
    if given is None:
        numbers = (path.name.removeprefix("nvidia") for path in DEVICES.glob("nvidia[0-9]*"))
        return sorted(numbers, key=int)
    names: list[str] = []
    for name in given.replace(" ", "").split(","):
        if not name or name.startswith("-"):
            break  # as CUDA does: what follows an invalid one is hidden
        names.append(name)
    return names


def claim() -> None:
    """Make one of several GPUs this process' only one, before its first use of CUDA; again has no effect.

    Raises:
        InputError: where the folder of locks belongs to somebody else.
    """
    names = visible()
    if _held or len(names) < 2:
        return
    folder, told = _folder(), False
    while not _claim_one_of(names, folder):
        if not told:
            log.info("all of %d GPUs are claimed by other jobs: waiting", len(names))
        told = True
        time.sleep(WAIT)


def _claim_one_of(names: list[str], folder: Path) -> bool:
    for name in names:
        lock = os.open(folder / name.replace("/", "-"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        _held.append(lock)
        os.environ[VISIBLE] = name
        log.info("GPU %s is this job's, of %s", name, ", ".join(names))
        return True
    return False


def _folder() -> Path:
    folder = Path(tempfile.gettempdir(), f"gradnoise-gpus-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise InputError(
            f"{folder}: found another user's, expected this user's folder of locks; remove it, or set TMPDIR"
        )
    return folder
