"""Where the data set that comes with Gradnoise lies."""

from pathlib import Path

FILE = Path("data/fashion-mnist-subset.h5")


def place() -> Path:
    """The file: of the working directory, or from outside a checkout the one that this module lies in."""
    return FILE if FILE.exists() else Path(__file__).resolve().parents[3] / FILE
