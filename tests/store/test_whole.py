"""Files that appear whole or not at all, and what those leave who are killed while they write one."""

import os
import socket
from pathlib import Path

import pytest

from gradnoise.store.whole import atomic, published


def leave(path: Path) -> Path:
    """The temporary file of a process that vanishes while it writes."""
    child = os.fork()
    if not child:
        with atomic(path) as temporary:
            temporary.write_text("half")
            os._exit(0)
    os.waitpid(child, 0)
    (left,) = path.parent.glob(f".*-{child}{path.suffix}")
    return left


def test_what_a_killed_process_left_of_a_file_goes_when_the_file_is_written_again(
    tmp_path: Path,
) -> None:
    path, other = tmp_path / "layer [1].h5", tmp_path / "layer.h5"
    left, of_another = leave(path), leave(other)
    with atomic(path) as temporary:
        assert not left.exists()
        temporary.write_text("whole")
    assert sorted(tmp_path.iterdir()) == sorted([path, of_another])


def test_a_process_that_lives_keeps_its_file(tmp_path: Path) -> None:
    start = f".page.{socket.gethostname()}-"
    theirs = [tmp_path / f"{start}{who}.html" for who in (os.getppid(), "1-of-another")]
    for place in theirs:
        place.write_text("mine")
    with atomic(tmp_path / "page.html") as temporary:
        temporary.write_text("whole")
    assert all(place.exists() for place in theirs)


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    def write() -> None:
        with published(tmp_path / "table.csv") as temporary:
            temporary.write_text("a\n")
            raise KeyError

    with pytest.raises(KeyError):
        write()
    assert not list(tmp_path.iterdir())
