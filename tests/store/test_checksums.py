"""A published file is what was written, or the reader says what is wrong."""

import os
from pathlib import Path

import h5py
import pytest

from gradnoise.errors import InputError
from gradnoise.store import checksums
from gradnoise.store.results import created, opened
from gradnoise.store.tables import write_table


def hdf5(folder: Path) -> Path:
    path = folder / "layer.h5"
    with created(path) as file:
        file["numbers"] = [1.5, 2.5]
        file.attrs["units"] = "1"
    return path


def table(folder: Path) -> Path:
    path = folder / "table.csv"
    write_table(path, [{"a": 1, "b": 2}])
    return path


def listed(folder: Path) -> Path:
    (folder / "tables" / "deep").mkdir(parents=True)
    (folder / "tables" / "one.csv").write_text("a\n1\n")
    (folder / "tables" / "deep" / "two.csv").write_text("b\n2\n")
    checksums.write_list(folder / "tables", "settings")
    return folder / "tables" / "one.csv"


KINDS = pytest.mark.parametrize("make", [hdf5, table, listed])


@KINDS
def test_what_was_written_is_accepted(tmp_path: Path, make) -> None:
    checksums.verify(make(tmp_path))


@KINDS
def test_every_flipped_byte_is_found(tmp_path: Path, make) -> None:
    path = make(tmp_path)
    content = path.read_bytes()
    for position in range(0, len(content), max(1, len(content) // 200)):
        flipped = bytearray(content)
        flipped[position] ^= 1
        path.write_bytes(flipped)
        with pytest.raises(InputError, match=str(path)):
            checksums.verify(path)
    path.write_bytes(content)
    checksums.verify(path)


@KINDS
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: os.truncate(path, path.stat().st_size - 3), "of the .* that were written"),
        (lambda path: os.truncate(path, 0), "found 0 bytes|found no checksum"),
        (lambda path: path.write_bytes(path.read_bytes() + b"more"), "of the .* that were written"),
    ],
)
def test_a_file_cut_short_or_grown_is_told_with_its_sizes(
    tmp_path: Path, make, damage, message: str
) -> None:
    path = make(tmp_path)
    damage(path)
    with pytest.raises(InputError, match=f"{message}.*; delete .* and run again") as raised:
        checksums.verify(path)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_gone_is_missed_where_something_knows_of_it(tmp_path: Path) -> None:
    for path in (table(tmp_path), listed(tmp_path), hdf5(tmp_path)):
        path.unlink()
        with pytest.raises(InputError, match="this file is missing"):
            checksums.verify(path)


def test_of_a_folder_the_folder_is_to_be_deleted(tmp_path: Path) -> None:
    path = listed(tmp_path)
    path.write_text("a\n7\n")
    with pytest.raises(InputError, match=f"delete {path.parent} and run again"):
        checksums.verify_folder(path.parent)


def test_a_file_deep_in_a_folder_is_verified_with_it(tmp_path: Path) -> None:
    folder = listed(tmp_path).parent
    (folder / "deep/two.csv").write_text("b\n3\n")
    with pytest.raises(InputError, match=f"deep/two.csv: found other bytes.*; delete {folder} and"):
        checksums.verify_folder(folder)


def test_a_damaged_checksum_is_damage(tmp_path: Path) -> None:
    path, other = table(tmp_path), listed(tmp_path)
    for hidden in (checksums.beside(path), other.parent / checksums.LIST):
        hidden.write_bytes(b"{")
    for each in (path, other):
        with pytest.raises(InputError, match=r"found no .*checksum.*; delete"):
            checksums.verify(each)


def test_a_list_of_checksums_that_was_altered_is_damage_itself(tmp_path: Path) -> None:
    path = listed(tmp_path)
    hidden = path.parent / checksums.LIST
    text = hidden.read_text()
    for old, new in ((path.name, f"_{path.name}"), (' "', ' "1'), ("{", "[")):
        hidden.write_text(text.replace(old, new, 1))
        with pytest.raises(InputError, match=rf"{checksums.LIST}: found no list .*; delete"):
            checksums.verify_folder(path.parent)
    hidden.write_text(text.replace("\n", "\n "))  # spaces say nothing
    checksums.verify_folder(path.parent)


def test_an_altered_attribute_is_found_before_it_is_read(tmp_path: Path) -> None:
    path = hdf5(tmp_path)
    with h5py.File(path, "r+") as file:
        file.attrs["units"] = "2"
    with pytest.raises(InputError, match="delete"), opened(path, "some stage"):
        pass


def test_files_of_others_have_no_checksum_and_are_taken_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "theirs.h5"
    with h5py.File(path, "w") as file:
        file["numbers"] = [1.0]
    (tmp_path / "theirs.csv").write_text("a\n1\n")
    checksums.verify(path)
    checksums.verify(tmp_path / "theirs.csv")
    assert checksums.identity(path) == ""


def test_equal_results_of_other_origin_have_another_identity(tmp_path: Path) -> None:
    folder = listed(tmp_path).parent
    first = checksums.identity(folder)
    checksums.write_list(folder, "other settings")
    assert checksums.identity(folder) != first
    checksums.write_list(folder, "settings")
    assert checksums.identity(folder) == first != ""
