"""What the stage reads: the experiment's tables, verdicts and checks."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from gradnoise.claims import results as claims
from gradnoise.data.excerpts import describe_data
from gradnoise.store.checksums import verify
from gradnoise.tables.catalogue import read, read_table


@dataclass(frozen=True)
class Inputs:
    """Everything that an experiment found.

    Attributes:
        tables: as `tables.catalogue.read` returns.
        printed: file stem -> table in its printed form.
        claims: the table of verdicts.
        components: the table of what they stand on.
        calibration: the instrument check.
        control: the positive control.
        data: as `describe_data` returns.
        figures: PNG files.
    """

    tables: Mapping[str, pd.DataFrame]
    printed: Mapping[str, pd.DataFrame]
    claims: pd.DataFrame
    components: pd.DataFrame
    calibration: pd.DataFrame
    control: pd.DataFrame
    data: Sequence[Mapping[str, Any]]
    figures: Sequence[Path]

    @property
    def measured(self) -> pd.DataFrame:
        """The table `gaussianity`; without rows where no run samples noise."""
        return self.tables.get("gaussianity", pd.DataFrame({"run": []}))

    @classmethod
    def read(cls, arguments: argparse.Namespace) -> Self:
        """From the files on the command line, verified."""
        for path in (arguments.calibration, arguments.control, *arguments.figures):
            verify(path)
        paths = sorted(arguments.tables.glob("*-epoch-*-n-*.csv"))
        return cls(
            read(arguments.tables),
            {path.stem: read_table(path) for path in paths},
            claims.read(arguments.claims),
            claims.read(arguments.components),
            pd.read_csv(arguments.calibration),
            pd.read_csv(arguments.control),
            describe_data(arguments.data),
            arguments.figures,
        )
