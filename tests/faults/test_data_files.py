"""A user's data file is something else: a pipe, a device, a promise of terabytes, damaged. Planning ends in a line."""

import io
import os
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import example_faults
from example_config import edited
from example_experiment import LONG
from example_outcomes import Outcomes
from experiment import Experiment
from gradnoise.errors import InputError

HUGE = 10**12


def write_npz(path: Path) -> None:
    np.savez(path, inputs=np.arange(800.0).reshape(200, 4), targets=np.arange(200) % 3)


def write_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["inputs"] = np.arange(800.0).reshape(200, 4)
        file["targets"] = np.arange(200) % 3


def claim_npz(path: Path) -> None:
    """Headers that promise more than the file has."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (HUGE, 4)}
    )
    with zipfile.ZipFile(path, "w") as file:
        for name in ("inputs", "targets"):
            file.writestr(f"{name}.npy", header.getvalue())


def claim_hdf5(path: Path) -> None:
    """A sparse array of terabytes in a few kilobytes."""
    with h5py.File(path, "w") as file:
        file.create_dataset("inputs", (HUGE, 4), "f8", chunks=(1024, 4))
        file.create_dataset("targets", (HUGE,), "i8", chunks=(1024,))


def bind_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)
    os.chdir(here)


FILES: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a socket": bind_socket,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": Path.mkdir,
    "a link to itself": lambda path: path.symlink_to(path.name),
    "an empty file": Path.touch,
    "terabytes in a header": lambda path: (
        claim_npz(path) if path.suffix == ".npz" else claim_hdf5(path)
    ),
}


def planned(path: Path) -> dict[str, Any]:
    config = edited("runs", ["cnn"])
    config["run_definitions"]["cnn"] = {
        "model": {"name": "linear"},
        "data": {"dataset": "arrays", "path": str(path)},
    }
    return config


def plan(path: Path) -> None:
    """What Snakemake does before its first job; a wrong input ends it in a line."""
    try:
        experiment = Experiment(planned(path))
        assert experiment.layer_files("clt")
    except InputError as error:
        raise SystemExit(f"error: {error}") from None


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
@pytest.mark.parametrize("kind", FILES)
def test_what_is_no_data_file_is_told_while_planning(
    tmp_path: Path, outcomes: Outcomes, kind: str, suffix: str
) -> None:
    path = tmp_path / f"own{suffix}"
    FILES[kind](path)

    def program() -> None:
        example_faults.allow(4 << 30)
        plan(path)

    ended = example_faults.wait(example_faults.forked(program, tmp_path), tmp_path, 120)
    assert "Traceback" not in ended.said
    assert ended.status == 1
    assert ended.line.startswith("error: ")
    assert path.name in ended.said
    outcomes.add("no data file, while planning", kind, told=1)


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_a_damaged_data_file_is_told_or_read(
    tmp_path: Path, outcomes: Outcomes, suffix: str
) -> None:
    path = tmp_path / f"own{suffix}"
    (write_npz if suffix == ".npz" else write_hdf5)(path)
    content = path.read_bytes()
    counts = {"told": 0, "read": 0, "without its name": 0}

    @settings(
        max_examples=1000 if LONG else 40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(
            st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)),
            min_size=1,
            max_size=4,
        ),
        st.integers(0, len(content)),
    )
    @example([(68, 1)], 1)  # of an .npz file's header: no end of a line
    @example([(81, 44)], 1)  # no Python
    def damaged(changes: list[tuple[int, int]], end: int) -> None:
        found = bytearray(content)
        for place, value in changes:
            found[place] = value
        path.write_bytes(found if end % 2 else found[:end])
        try:
            Experiment(planned(path)).layer_files("clt")
            counts["read"] += 1
        except InputError as error:
            counts["told" if path.name in str(error) else "without its name"] += 1

    damaged()
    assert counts["told"] > 5
    assert not counts["without its name"]
    outcomes.add("a data file with changed bytes, while planning", suffix[1:], told=counts["told"])
