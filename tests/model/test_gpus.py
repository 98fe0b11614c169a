"""Jobs side by side claim different GPUs, and a job that dies frees its own. No GPU is needed: what is claimed is a name."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gradnoise.errors import InputError
from gradnoise.model import device, gpus

JOB = """
import os, sys
from gradnoise.model import gpus
gpus.WAIT = 0.02
gpus.claim()
gpus.claim()
print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
sys.stdin.read()
"""


def job(folder: Path, devices: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": devices, "TMPDIR": str(folder)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", JOB], env=environment, **pipes)


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_each_of_several_jobs_has_a_gpu_alone_and_a_killed_one_frees_its_own(
    tmp_path: Path,
) -> None:
    names = ["3", "0", "GPU-5a/1"]
    jobs = [job(tmp_path, ",".join(names)) for _ in range(5)]
    try:
        # Three find one at once, in whatever order they start; two wait.
        waiting = {each.stdout: each for each in jobs}
        claimed = {}
        while len(claimed) < 3:
            ready, _, _ = select.select(list(waiting), [], [], 60)
            assert ready, "nobody claimed"
            for stream in ready:
                each = waiting.pop(stream)
                claimed[said(each)] = each
        assert sorted(claimed) == sorted(names)
        assert len(waiting) == 2
        assert not select.select(list(waiting), [], [], 0.3)[0]
        claimed["0"].send_signal(signal.SIGKILL)
        claimed["0"].wait()
        ready, _, _ = select.select(list(waiting), [], [], 60)
        assert said(waiting.pop(ready[0])) == "0"
        assert claimed["3"].stdin is not None
        claimed["3"].stdin.close()  # it ends by itself
        ready, _, _ = select.select(list(waiting), [], [], 60)
        assert said(waiting.pop(ready[0])) == "3"
    finally:
        for each in jobs:
            each.kill()
            each.wait()


@pytest.mark.parametrize(
    ("given", "found"),
    [("0,2", ["0", "2"]), (" 1 , GPU-a", ["1", "GPU-a"]), ("", []), ("-1", []), ("2,-1,0", ["2"])],
)
def test_listed_devices_are_those_that_cuda_sees(
    monkeypatch: pytest.MonkeyPatch, given: str, found: list[str]
) -> None:
    monkeypatch.setenv(gpus.VISIBLE, given)
    assert gpus.visible() == found


def test_without_a_list_all_of_the_machine_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(gpus.VISIBLE, raising=False)
    monkeypatch.setattr(gpus, "DEVICES", tmp_path)
    assert gpus.visible() == []
    for name in ("nvidia10", "nvidia2", "nvidia0", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert gpus.visible() == ["0", "2", "10"]


def test_one_gpu_is_not_claimed_and_the_processor_claims_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpus.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setenv(gpus.VISIBLE, "1")
    gpus.claim()
    monkeypatch.setenv(gpus.VISIBLE, "0,1")
    device.set_device("cpu")
    assert not list(tmp_path.iterdir())
    assert os.environ[gpus.VISIBLE] == "0,1"


def test_automatic_choice_claims_before_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(gpus, "claim", lambda: order.append("claimed"))
    monkeypatch.setattr(
        device.torch.cuda, "is_available", lambda: order.append("looked") is not None
    )
    assert device.set_device("auto").type != "cuda"
    assert order == ["claimed", "looked"]


def test_another_users_folder_of_locks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpus.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setenv(gpus.VISIBLE, "0,1")
    monkeypatch.setattr(gpus.os, "getuid", lambda: 12345)
    with pytest.raises(InputError, match="gradnoise-gpus-12345: found another user's"):
        gpus.claim()
