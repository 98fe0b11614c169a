"""The device by name, and how torch is made to repeat its bits there."""

import os

import torch

from gradnoise.errors import InputError
from gradnoise.model import gpus


def set_device(name: str) -> torch.device:
    """Device by name; "auto" is the first there is of cuda, mps, cpu. Of several GPUs one is claimed (`gpus`).

    Raises:
        InputError: for another name, or a device that this machine does not have.
    """
    if name in ("auto", "cuda"):
        gpus.claim()
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    here = [device for device, found in available.items() if found]
    if name not in ("auto", *here):
        raise InputError(f"device: found {name!r}; this machine accepts: auto, {', '.join(here)}")
    return torch.device(here[0] if name == "auto" else name)


def deterministic(torch_threads: int) -> None:
    """Make this process's torch repeat its bits: deterministic algorithms, full float32, fixed threads.

    To be called before the first use of CUDA. An operation that has no deterministic form on the device
    (in a user's own model) warns.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(torch_threads)
    # The same switch as `use_deterministic_algorithms`, without importing torch's compiler (3 s).
    torch.set_deterministic_debug_mode("warn")
    # Otherwise this mode also fills every fresh tensor with NaN, which only costs time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
