"""What figures of trajectories read: results of the langevin stage, by variant and subspace."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradnoise.figures import program, style
from gradnoise.figures.settings import Settings
from gradnoise.langevin import results
from gradnoise.trajectory.names import EIGENVECTOR, MODEL


class Result(NamedTuple):
    """One subspace of one trajectory.

    Attributes:
        variant: name of the trajectory.
        subspace: a parameter's name, or `model`.
        directions: a row per recorded direction, columns of `langevin.variables.TABLES`.
        numbers: attributes of the file.
        arrays: some of `langevin.variables.ARRAYS`, by name.
    """

    variant: str
    subspace: str
    directions: pd.DataFrame
    numbers: dict[str, Any]
    arrays: dict[str, NDArray[Any]]

    @property
    def eigenvectors(self) -> pd.DataFrame:
        """Rows of the Hessian's eigenvectors, in descending order of curvature."""
        return self.directions[self.directions["kind"] == EIGENVECTOR]

    @property
    def heading(self) -> str:
        """The title in two lines, for narrow panels."""
        return self.title.replace(": ", "\n", 1)

    def title_in(self, drawn: Figure) -> str:
        """The title, in two lines where the figure is as narrow as a column."""
        return self.title if style.is_wide(drawn) else self.heading

    @property
    def title(self) -> str:
        """The variant, with what makes it."""
        n = self.numbers
        momentum = f", momentum {n['momentum']:g}" if n["momentum"] else ""
        sampling = ", without replacement" if n["sampling"] == "epoch_shuffle" else ""
        return f"{self.variant}: learning rate {n['learning_rate']:g}{momentum}{sampling}"


def read(paths: Iterable[Path], subspace: str = "") -> list[Result]:
    """Results of all paths, or of one subspace; paths end in `{variant}/{subspace}.h5`."""
    found = []
    for path in paths:
        if subspace in ("", path.stem):
            stored = results.read(path)
            rows = pd.DataFrame(stored.directions)
            found.append(
                Result(path.parent.name, path.stem, rows, stored.attributes, stored.arrays)
            )
    return found


def panels(
    settings: Settings, results: Sequence[Result], base: float, row: float, x: str, y: str
) -> tuple[Figure, NDArray[Any]]:
    """A figure with a panel for every trajectory, at most two beside each other.

    Args:
        settings: of the figure.
        results: one a panel.
        base, row: height of the figure without panels, and of a row of them, inches.
        x, y: labels of the outer axes.

    Returns:
        The figure, and its axes (rows, columns); those without a trajectory are off.
    """
    columns = style.side_by_side(settings, min(2, len(results)))
    rows = -(-len(results) // columns)
    width = style.PAGE if columns > 1 else style.COLUMN
    drawn, grid = style.figure(
        settings, base + row * rows, width, nrows=rows, ncols=columns, squeeze=False
    )
    for axes in list(grid.flat)[len(results) :]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel(y)
    for axes in grid[-1]:
        axes.set_xlabel(x)
    return drawn, grid


def main(
    description: str,
    draw: Callable[[Sequence[Result], Settings], tuple[Figure, pd.DataFrame]],
) -> None:
    """Draw every trajectory of a run's first network, in the span over the whole model."""
    arguments = program.parse(description, tables=False, layers=True)
    drawn, numbers = draw(read(arguments.layers, MODEL), arguments.settings)
    program.save(drawn, arguments.output, numbers)
