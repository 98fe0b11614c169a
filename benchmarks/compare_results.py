"""What differs between two folders of results: files, and within a file columns and arrays.

python benchmarks/compare_results.py results other/results

After an edit that should change no number, run the same experiment on both versions of the code and compare:
Zarr chunks, HDF5 datasets and CSV columns are compared bit by bit; what only one side has is listed. Exit
status 1 where anything differs.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

IGNORED = ("report.html",)  # quotes the time and the machine


def files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file()
        and path.name not in IGNORED
        # Marks of time, checksums that tell of the sources, and what is kept for a second attempt.
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def hdf5_differences(one: Path, other: Path) -> Iterator[str]:
    with h5py.File(one) as first, h5py.File(other) as second:
        members: list[dict[str, h5py.Dataset]] = []
        for file in (first, second):
            found: dict[str, h5py.Dataset] = {}
            file.visititems(
                lambda name, item, found=found: (
                    found.update({name: item}) if isinstance(item, h5py.Dataset) else None
                )
            )
            members.append(found)
        yield from missing(set(members[0]), set(members[1]))
        for name in sorted(set(members[0]) & set(members[1])):
            a, b = members[0][name][...], members[1][name][...]
            if a.dtype.names and a.dtype.names == b.dtype.names:
                yield from (
                    f"{name}.{column}" for column in a.dtype.names if not same(a[column], b[column])
                )
            elif not same(a, b):
                yield name
        keys = set(first.attrs) | set(second.attrs)
        for key in sorted(keys):
            if not same(np.asarray(first.attrs.get(key)), np.asarray(second.attrs.get(key))):
                yield f"attribute {key}"


def csv_differences(one: Path, other: Path) -> Iterator[str]:
    columns = []
    for path in (one, other):
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        columns.append(
            {head: [row[i] for row in rows[1:]] for i, head in enumerate(rows[0])} if rows else {}
        )
    yield from missing(set(columns[0]), set(columns[1]))
    yield from (
        name for name in columns[0] if name in columns[1] and columns[0][name] != columns[1][name]
    )


def missing(first: set[str], second: set[str]) -> Iterator[str]:
    yield from (f"{name} (only in the first)" for name in sorted(first - second))
    yield from (f"{name} (only in the second)" for name in sorted(second - first))


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def main() -> None:
    first, second = (Path(argument) for argument in sys.argv[1:3])
    names = files(first), files(second)
    differing = list(missing(*names))
    for name in sorted(names[0] & names[1]):
        one, other = first / name, second / name
        if one.read_bytes() == other.read_bytes():
            continue
        readers = {".h5": hdf5_differences, ".csv": csv_differences}
        inside = list(readers[one.suffix](one, other)) if one.suffix in readers else []
        differing.append(f"{name}: {', '.join(inside) or 'other bytes'}")
    print("\n".join(differing))
    print(f"{len(names[0] & names[1])} files on both sides, {len(differing)} differences")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
