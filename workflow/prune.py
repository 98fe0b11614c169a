"""List the results that a config no longer asks for, or remove them: `make prune`."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from snakemake.common.configfile import load_configfile

from experiment import DEFAULTS, Experiment, merged
from gradnoise.errors import InputError
from stale import remove, stale

LOCKS = Path(".snakemake/locks")


def size(paths: Iterable[Path]) -> int:
    """Bytes of files, and of all files below folders; several names of one file count once."""
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]))
    found = (file.lstat() for file in files if not file.is_dir())
    return sum({(status.st_dev, status.st_ino): status.st_size for status in found}.values())


def main(arguments: Sequence[str] | None = None) -> None:
    """List what is stale; with `--remove` remove it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configfile", nargs="*", default=[], type=Path, help="as for Snakemake")
    parser.add_argument("--remove", action="store_true", help="remove what is listed")
    given = parser.parse_args(arguments)
    files = [Path(DEFAULTS), *given.configfile]
    config: dict[str, object] = {}
    for file in files:
        config = merged(config, load_configfile(str(file)))
    try:
        experiment = Experiment(config, files)
    except InputError as error:
        sys.exit(f"The config cannot be run:\n{error}")
    if given.remove and LOCKS.is_dir() and any(LOCKS.iterdir()):
        sys.exit("Snakemake is running here: wait for it, or after a crash: snakemake --unlock")
    found, output = stale(experiment), Path(experiment.paths.output)
    sizes = {name: size(paths) / 1e6 for name, paths in found.items()}
    for name, paths in found.items():
        print(f"{sizes[name]:10.3f} MB in {len(paths):4} results: {output / name}")
    count = sum(map(len, found.values()))
    print(f"{count} results in {output} that {', '.join(map(str, files))} no longer asks for.")
    if given.remove:
        for paths in found.values():
            for path in paths:
                remove(path, output)
        print(f"{count} results were removed.")
    elif found:
        print("Nothing was removed; make prune REMOVE=yes removes them.")


if __name__ == "__main__":
    main()
