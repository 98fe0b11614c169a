"""Light and heavy tails

First: coordinates of one layer at the smallest batch size, from the heaviest to the lightest tails. Then the
heaviest one at larger batch sizes. Below: the training samples with most weight in the fourth moments of the layer's
coordinates, with their classes. Black: the normal density.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from gradnoise import stage
from gradnoise.data.excerpts import read_images
from gradnoise.errors import InputError
from gradnoise.figures import keys, program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.rejection.reading import STAGE, read_examples, read_parameters, read_top_samples
from gradnoise.store.results import read_attributes, read_table
from gradnoise.tails.results import Example

READS = "rejection"
NEEDS = (
    "noise",
    "own_training",
)

PREFERRED = "conv4.weight"  # the paper's example, where the network has one


ROLES = {
    "lowest": "lowest",
    "rejected": "rejected",
    "median": "median",
    "highest": "highest",
}


THUMBNAILS = 12


def choose(path: Path) -> str:
    """The fourth convolution, else the layer with the heaviest tails at the smallest batch size."""
    names = read_parameters(path)
    if PREFERRED in names:
        return PREFERRED

    def heaviness(name: str) -> float:
        rows = read_table(path, STAGE, f"{name}/tails")
        assert rows is not None
        first = rows[rows["batch_size"] == rows["batch_size"].min()]
        return float(np.nan_to_num(first["null_minus_median"], nan=-1.0).mean())

    return max(names, key=heaviness)


def read(path: Path, parameter: str) -> tuple[pd.DataFrame, NDArray[np.int64], dict[str, Any]]:
    """Example series, the samples with most weight in the tails (none without stored gradients), and the origin.

    Columns of the series: role, batch_size, coordinate, alpha, scale, pvalue, standardised.
    """
    frames = []
    for one in read_examples(path, parameter):
        about = {**one._asdict(), "coordinate": one.position}
        names = ("role", "batch_size", "coordinate", "alpha", "scale", "pvalue")
        frames.append(
            pd.DataFrame(
                {**{name: about[name] for name in names}, "standardised": _standardised(one)}
            )
        )
    attributes = read_attributes(path, STAGE, parameter)
    origin = {name: attributes[name] for name in ("parameter", "seed", "epoch", "batches")}
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return rows, read_top_samples(path, parameter)[:THUMBNAILS], origin


def _standardised(example: Example) -> NDArray[np.float64]:
    """Its noise less the mean, over the deviation, sorted; NaN where it does not vary."""
    samples = example.samples.astype(np.float64)
    deviation = samples.std(ddof=1)
    return np.sort((samples - samples.mean()) / (deviation if deviation > 0 else np.nan))


def draw(
    rows: pd.DataFrame,
    images: tuple[NDArray[Any], list[str]] | None,
    origin: dict[str, Any],
    settings: Settings,
) -> Figure:
    """Histograms, at the smallest batch size and of one coordinate at larger ones, and thumbnails where there are images."""
    colours = style.apply(settings)
    roles = sorted(
        (role for role in ROLES if (rows["role"] == role).any()),
        key=lambda role: rows.loc[rows["role"] == role, "alpha"].iloc[0],
    )
    followed = rows[rows["role"] == "followed"]
    sizes = sorted(followed["batch_size"].unique())[
        1:
    ]  # at the smallest it is the first of the others
    across = 4 if style.width_of(settings) >= style.WIDE else 2
    down = [-(-len(each) // across) for each in (roles, sizes)]
    strip = 0.75 if across == 4 else 1.3
    heights = [1.35 * sum(down), *([strip] if images else [])]
    drawn = style.blank(settings, 0.55 + sum(heights))
    strips = drawn.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    panels = strips[0].subplots(sum(down), across, sharey=True, squeeze=False)
    above, below = panels[: down[0]].ravel(), panels[down[0] :].ravel()
    reach = max(4.0, float(rows["standardised"].abs().max()))
    for place, (axes, role) in enumerate(zip(above, roles, strict=False)):
        _histogram(axes, rows[rows["role"] == role], colours[0], reach, place, ROLES[role])
    for place, (axes, size) in enumerate(zip(below, sizes, strict=False)):
        series = followed[followed["batch_size"] == size]
        _histogram(axes, series, colours[1], reach, len(roles) + place, f"B = {size}")
    for axes in [*above[len(roles) :], *below[len(sizes) :]]:
        axes.set_axis_off()
    strips[0].supxlabel("Noise (standard deviations)", fontsize=8)
    strips[0].supylabel("Density", fontsize=8)
    if images:
        _thumbnails(strips[1], *images, down=1 if across == 4 else 2)
    first = rows["batch_size"].min()
    about = f"{origin['parameter']}, seed {origin['seed']}, epoch {origin['epoch']}, n = {origin['batches']}"
    handles = [
        Patch(color=colours[0], alpha=0.5, linewidth=0, label=f"{about}, B = {first}"),
        Patch(color=colours[1], alpha=0.5, linewidth=0, label="the lowest index at larger batches"),
        Line2D([], [], color=style.INK, linewidth=0.8, label="normal density"),
    ]
    keys.key(drawn, handles, 3)
    return drawn


def _histogram(
    axes: Axes, series: pd.DataFrame, colour: str, reach: float, place: int, name: str
) -> None:
    values = series["standardised"].dropna().to_numpy()
    alpha = float(series["alpha"].iloc[0])
    found = "no index" if np.isnan(alpha) else f"α = {alpha:.2f}"
    style.name_panel(axes, place, f"{name}: {found}", fontsize=7.5)
    scales.logarithm(axes.yaxis)
    axes.set_ylim(2e-4, 10)
    axes.set_xlim(-reach, reach)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    if not values.size:
        axes.text(0.5, 0.5, "constant", transform=axes.transAxes, ha="center", color=style.GREY)
        return
    axes.hist(values, 61, range=(-reach, reach), density=True, color=colour, alpha=0.5)
    grid = np.linspace(-4, 4, 161)
    axes.plot(grid, np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi), color=style.INK, linewidth=0.8)


def _thumbnails(strip: Any, images: NDArray[Any], names: Sequence[str], down: int) -> None:
    grid = strip.subplots(down, -(-len(images) // down), squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, image, name in zip(grid, images, names, strict=False):
        axes.imshow(image, cmap="gray_r" if image.ndim == 2 else None, interpolation="nearest")
        axes.set_title(name[:11], fontsize=6, pad=1.5, loc="center")


def main() -> None:
    """Draw the last checkpoint of the first seed."""
    arguments = program.parse("Tails of single coordinates.", tables=False, layers=True)
    if not arguments.layers:
        raise InputError(
            "figures: tail_examples needs the layers at a level of the test (--layers)"
        )
    path = arguments.layers[0]
    rows, top, origin = read(path, choose(path))
    if rows.empty:
        program.save_without_data(arguments, "no live coordinate in this run")
        return
    images = read_images(arguments.data, top) if arguments.data else None
    numbers = rows.assign(**{name: origin[name] for name in ("parameter", "seed", "epoch")})
    program.save(draw(rows, images, origin, arguments.settings), arguments.output, numbers)


if __name__ == "__main__":
    stage.run(main)
