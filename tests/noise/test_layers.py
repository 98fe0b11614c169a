"""A job of several layers: which are made, which are taken back, and what it says where one fails."""

import logging
import os
import signal
import traceback
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest

from gradnoise.errors import InputError
from gradnoise.noise.layers import each_layer
from gradnoise.store import checksums
from gradnoise.store.results import created

LAYERS = ("conv1.weight", "conv2.weight", "fc.bias")


def given(folder: Path, layers: tuple[str, ...] = LAYERS, **changes: object) -> Namespace:
    """The command line of a job with an input of all layers, and one of each."""
    whole = folder / "noise"
    whole.mkdir(exist_ok=True)
    (whole / "values").write_text("1")
    if not (whole / checksums.LIST).exists():
        checksums.write_list(whole)
    own = [folder / f"tested/{name}.h5" for name in layers]
    for number, path in enumerate(own):
        if not path.exists():
            with created(path) as file:
                file["number"] = number
    about = {
        **{"settings": {"seed": 3}, "source": "abc", "noise": [whole], "tested": own},
        "output": [folder / f"found/{name}.h5" for name in layers],
    } | changes
    return Namespace(**about, inputs={"noise": about["noise"], "tested": about["tested"]})


def writer(made: list[str]) -> Callable[[Namespace], None]:
    def make(layer: Namespace) -> None:
        made.append(layer.settings["parameter"])
        with h5py.File(layer.tested) as read, created(layer.output) as file:
            file["value"] = read["number"][()] + 10 * layer.settings["seed"]

    return make


def value(folder: Path, name: str) -> int:
    with h5py.File(folder / f"found/{name}.h5") as file:
        return int(file["value"][()])


def remove(job: Namespace) -> None:
    """As Snakemake does before it starts a job, and after one has failed."""
    for path in job.output:
        path.unlink(missing_ok=True)


def test_every_layer_is_made_as_by_a_job_of_its_own(tmp_path: Path) -> None:
    seen: list[Namespace] = []
    job = given(tmp_path)
    each_layer(job, seen.append, own=("tested",))
    assert [each.settings for each in seen] == [{"seed": 3, "parameter": name} for name in LAYERS]
    assert [each.output for each in seen] == job.output
    assert [each.tested for each in seen] == job.tested
    assert all(each.noise == job.noise for each in seen)


@pytest.mark.parametrize("finished", [1, 2])
def test_after_a_kill_only_layers_that_were_not_finished_are_made(
    tmp_path: Path, finished: int
) -> None:
    job, made = given(tmp_path), list[str]()
    if not (child := os.fork()):

        def killed(layer: Namespace) -> None:
            if len(made) == finished:
                layer.output.parent.joinpath(".half.h5").write_text("half")
                os.kill(os.getpid(), signal.SIGKILL)
            writer(made)(layer)

        each_layer(job, killed, own=("tested",))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert [path.exists() for path in job.output] == [k < finished for k in range(3)]
    remove(job)
    each_layer(job, writer(made), own=("tested",))
    assert made == list(LAYERS[finished:])
    assert [value(tmp_path, name) for name in LAYERS] == [30, 31, 32]


def test_layers_are_taken_back_whichever_others_share_their_job(tmp_path: Path) -> None:
    first, second, made = given(tmp_path, LAYERS[:2]), given(tmp_path, LAYERS[1:]), list[str]()
    each_layer(first, writer(made), own=("tested",))
    before = first.output[1].stat()
    remove(first)
    os.utime(first.output[1].parent / links(first, 1)[0], (1, 1))
    each_layer(second, writer(made), own=("tested",))
    assert made == [*LAYERS[:2], LAYERS[2]]
    after = second.output[0].stat()
    assert after.st_ino == before.st_ino
    assert (
        after.st_mtime > before.st_mtime - 1
    )  # Snakemake runs again what is older than its inputs


def links(job: Namespace, place: int) -> list[str]:
    path = job.output[place]
    return [each.name for each in path.parent.glob(f".{path.name}.*.kept")]


@pytest.mark.parametrize("change", ["settings", "source", "noise", "tested"])
def test_what_was_made_of_other_things_is_made_anew_and_kept_instead(
    tmp_path: Path, change: str
) -> None:
    job, made = given(tmp_path, LAYERS[:2]), list[str]()
    each_layer(job, writer(made), own=("tested",))
    old = [links(job, place) for place in (0, 1)]
    changed = {"settings": {"seed": 4}, "source": "abd"}
    if change == "noise":
        (tmp_path / "noise/more").write_text("2")
        checksums.write_list(tmp_path / "noise")
    elif change == "tested":
        with created(job.tested[1]) as file:
            file["number"] = 7
    again = given(tmp_path, LAYERS[:2], **{k: v for k, v in changed.items() if k == change})
    remove(again)
    each_layer(again, writer(made), own=("tested",))
    # Of a file that belongs to one layer only that layer.
    assert made == [*LAYERS[:2], *(LAYERS[1:2] if change == "tested" else LAYERS[:2])]
    new = [links(again, place) for place in (0, 1)]
    assert [len(each) for each in new] == [1, 1]
    assert (new[0] == old[0], new[1] == old[1]) == (change == "tested", False)


def test_a_damaged_file_that_was_kept_is_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    job, made = given(tmp_path), list[str]()
    each_layer(job, writer(made), own=("tested",))
    with job.output[1].open("r+b") as file:
        file.seek(700)
        byte = file.read(1)
        file.seek(700)
        file.write(bytes([byte[0] ^ 1]))
    remove(job)
    with caplog.at_level(logging.WARNING):
        each_layer(job, writer(made), own=("tested",))
    assert made == [*LAYERS, LAYERS[1]]
    assert "computing anew" in caplog.text
    assert value(tmp_path, LAYERS[1]) == 31
    assert {path.name for path in (tmp_path / "found").iterdir() if path.suffix != ".kept"} == {
        f"{name}.h5" for name in LAYERS
    }


def test_nothing_is_kept_of_code_that_has_no_fingerprint(tmp_path: Path) -> None:
    job, made = given(tmp_path, source=""), list[str]()
    for _ in range(2):
        each_layer(job, writer(made), own=("tested",))
    assert made == [*LAYERS, *LAYERS]
    assert not any(links(job, place) for place in range(3))


@pytest.mark.parametrize("count", [1, 3])
def test_a_wrong_input_names_the_layer_where_there_are_several(tmp_path: Path, count: int) -> None:
    def refuse(layer: Namespace) -> None:
        if layer.output == job.output[-1]:
            raise InputError("found 2; accepted: 3")

    job = given(tmp_path, LAYERS[:count])
    expected = "found 2; accepted: 3" if count == 1 else "fc.bias: found 2; accepted: 3"
    with pytest.raises(InputError) as refused:
        each_layer(job, refuse, own=("tested",))
    assert str(refused.value) == expected


def test_the_last_line_of_a_traceback_names_error_and_layer(tmp_path: Path) -> None:
    def fail(layer: Namespace) -> None:
        raise IndexError("5 of 4")

    with pytest.raises(IndexError) as failed:
        each_layer(given(tmp_path), fail, own=("tested",))
    assert traceback.format_exception(failed.value)[-1] == "IndexError of conv1.weight: 5 of 4\n"
