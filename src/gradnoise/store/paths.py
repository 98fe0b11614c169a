"""Where every result lies, below the experiment's output folder.

The one place that spells these paths: rules (with wildcards for what is not known yet), stages, tables and
figures take them from here.
"""

from pathlib import Path
from typing import NamedTuple

# Stages with one HDF5 file per measured parameter of a checkpoint.
LAYER_STAGES = ("gaussianity", "clt", "tails")
# Stages of the whole experiment with a folder of tables for every piece of a study, a job each; their tables begin with
# their names.
STUDY_STAGES = ("balance", "geometry")
# All stages of the whole experiment with studies; the related ones have a file each.
SHARED_STAGES = (*STUDY_STAGES, "related")


class Checkpoint(NamedTuple):
    """A trained network at one epoch of one run; the defaults are Snakemake's wildcards."""

    run: str = "{run}"
    seed: int | str = "{seed}"
    epoch: int | str = "{epoch}"


ANY = Checkpoint()


class Paths:
    """Results of one experiment."""

    def __init__(self, output: str | Path) -> None:
        self.output = output

    def data(self, name: str = "{data}") -> str:
        """Data set, HDF5."""
        return f"{self.output}/data/{name}.h5"

    def network(self, run: str = "{run}", seed: int | str = "{seed}") -> str:
        """Folder of one trained network."""
        return f"{self.output}/{run}/seed-{seed}"

    def checkpoints(self, run: str = "{run}", seed: int | str = "{seed}") -> str:
        """Folder of a network's weights, one file an epoch."""
        return f"{self.network(run, seed)}/checkpoints"

    def training(self, run: str = "{run}", seed: int | str = "{seed}") -> str:
        """Training history, CSV."""
        return f"{self.network(run, seed)}/training.csv"

    def checkpoint(self, at: Checkpoint = ANY) -> str:
        """Folder of what is measured at one checkpoint."""
        return f"{self.network(at.run, at.seed)}/epoch-{at.epoch}"

    def gradients(self, at: Checkpoint = ANY) -> str:
        """Per-sample gradients, Zarr."""
        return f"{self.checkpoint(at)}/gradients.zarr"

    def moments(self, at: Checkpoint = ANY) -> str:
        """Moments of the per-sample gradient, Zarr."""
        return f"{self.checkpoint(at)}/moments.zarr"

    def noise(self, at: Checkpoint = ANY, repeat: int | str = "{repeat}") -> str:
        """Mini-batch noise of one repeat, Zarr."""
        return f"{self.checkpoint(at)}/noise/repeat-{repeat}.zarr"

    def part(self, whole: str, part: int | str = "{part}", of: int | str = "{of}") -> str:
        """Folder of what one of several jobs that make a Zarr store has written of it."""
        return f"{whole.removesuffix('.zarr')}.parts/{part}-of-{of}"

    def layer(self, stage: str, at: Checkpoint = ANY, parameter: str = "{parameter}") -> str:
        """Results of one of LAYER_STAGES for one parameter, HDF5."""
        return f"{self.checkpoint(at)}/{stage}/{parameter}.h5"

    def rejection(self, at: Checkpoint = ANY) -> str:
        """What a level of the test makes of a checkpoint's layers, HDF5."""
        return f"{self.checkpoint(at)}/rejection.h5"

    def trajectory(self, at: Checkpoint = ANY, variant: str = "{variant}") -> str:
        """All replicas of one trajectory from a checkpoint, Zarr."""
        return f"{self.checkpoint(at)}/trajectory/{variant}.zarr"

    def langevin(
        self,
        at: Checkpoint = ANY,
        variant: str = "{variant}",
        subspace: str = "{parameter}",
    ) -> str:
        """What one trajectory says along the directions of one subspace, HDF5."""
        return f"{self.checkpoint(at)}/langevin/{variant}/{subspace}.h5"

    @property
    def calibration(self) -> str:
        """The instrument check, CSV."""
        return f"{self.output}/calibration.csv"

    @property
    def control(self) -> str:
        """The positive control, CSV."""
        return f"{self.output}/control.csv"

    def piece(self, stage: str = "{stage}", name: str = "{piece}") -> str:
        """Folder of the tables, or of some of their rows, that a job of one of STUDY_STAGES makes, CSV."""
        return f"{self.output}/{stage}/{name}"

    def study(self, name: str = "{study}") -> str:
        """What one related study found, HDF5."""
        return f"{self.output}/related/{name}.h5"

    @property
    def tables(self) -> str:
        """Folder of all tables."""
        return f"{self.output}/tables"

    def figure(self, suffix: str, run: str = "{run}", figure: str = "{figure}") -> str:
        """One figure: `pdf`, `png`, or the `csv` of its numbers."""
        return f"{self.output}/figures/{run}-{figure}.{suffix}"

    @property
    def claims(self) -> str:
        """Claims and verdicts, CSV."""
        return f"{self.output}/claims.csv"

    @property
    def claim_components(self) -> str:
        """What the verdicts stand on, CSV."""
        return f"{self.output}/claim_components.csv"

    @property
    def report(self) -> str:
        """The report, HTML."""
        return f"{self.output}/report.html"

    @property
    def noise_card(self) -> str:
        """The noise card, JSON."""
        return f"{self.output}/noise_card.json"

    @staticmethod
    def log(result: str) -> str:
        """Log of the job that makes a result: at the same place, below `logs`."""
        return str(Path("logs", result).with_suffix(".log"))
