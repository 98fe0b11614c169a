"""Tables of studies that several jobs made: the rows of one after those of another."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gradnoise.errors import InputError
from gradnoise.store.checksums import verify_folder
from gradnoise.store.paths import Paths


def join(results: Path, pieces: Mapping[str, Sequence[str]], target: Path) -> None:
    """Write every table of some pieces, as they stand there, into one folder.

    Args:
        results: folder of all results.
        pieces: of every stage its pieces, in the order of their rows.
        target: folder that holds no table yet of theirs.

    Raises:
        InputError: names the file, where a piece is missing or damaged, or has other columns than those before.
    """
    columns: dict[str, bytes] = {}
    paths = Paths(results)
    for folder in (Path(paths.piece(stage, name)) for stage in pieces for name in pieces[stage]):
        verify_folder(folder)
        for path in sorted(folder.glob("*.csv")):
            head, _, rows = path.read_bytes().partition(b"\n")
            first = columns.setdefault(path.name, head)
            if head != first:
                raise InputError(
                    f"{path}: found columns {head.decode()!r}; accepted: {first.decode()!r}, as in the pieces before"
                )
            with (target / path.name).open("ab") as file:
                if not file.tell():
                    file.write(head + b"\n")
                file.write(rows)
