"""Light and heavy tails

First row: coordinates of one layer at the smallest batch size, from the heaviest to the lightest
tails. Second row: the heaviest one over batch sizes. Below: the training samples with most weight
in the third and fourth moments of the layer. Black: the normal density.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from gradnoise import stage
from gradnoise.data.excerpts import read_images
from gradnoise.errors import InputError
from gradnoise.figures import program, style
from gradnoise.figures.settings import Settings
from gradnoise.store.results import read_attributes
from gradnoise.tails.results import Example, read_examples, read_table, read_top_samples

READS = "tails"
NEEDS = (
    "noise",
    "own_training",
)

PREFERRED = "conv4.weight"  # the paper's example, where the network has one


ROLES = {
    "lowest": "lowest index",
    "rejected": "rejected, near 1.5",
    "median": "median",
    "highest": "highest",
}


THUMBNAILS = 12


def choose(paths: Sequence[Path]) -> Path:
    """The fourth convolution, else the layer with the heaviest tails at the smallest batch size."""
    if not paths:
        raise InputError("figures: tail_examples needs per-layer files (--layers)")
    named = [path for path in paths if path.stem == PREFERRED]
    if named:
        return named[0]

    def heaviness(path: Path) -> float:
        rows = read_table(path, "summary")
        assert rows is not None
        first = rows[rows["batch_size"] == rows["batch_size"].min()]
        return float(np.nan_to_num(first["null_minus_median"], nan=-1.0).mean())

    return max(paths, key=heaviness)


def read(path: Path) -> tuple[pd.DataFrame, NDArray[np.int64], dict[str, Any]]:
    """Example series, the samples with most weight in the tails (none without stored gradients), and the origin.

    Columns of the series: role, batch_size, coordinate, alpha, scale, pvalue, standardised.
    """
    frames = []
    for one in read_examples(path):
        about = {**one._asdict(), "coordinate": one.position}
        names = ("role", "batch_size", "coordinate", "alpha", "scale", "pvalue")
        frames.append(
            pd.DataFrame(
                {**{name: about[name] for name in names}, "standardised": _standardised(one)}
            )
        )
    attributes = read_attributes(path, "tails")
    origin = {name: attributes[name] for name in ("parameter", "seed", "epoch", "batches")}
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return rows, read_top_samples(path)[:THUMBNAILS], origin


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
    """Two rows of histograms, and thumbnails where there are images."""
    colours = style.apply(settings)
    roles = [role for role in ROLES if (rows["role"] == role).any()]
    followed = rows[rows["role"] == "followed"]
    sizes = sorted(followed["batch_size"].unique())
    columns = max(len(roles), len(sizes))
    heights = [1.35, 1.35, *([0.75] if images else [])]
    drawn = style.blank(settings, 0.55 + sum(heights))
    strips = drawn.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    panels = strips[0].subplots(1, columns, squeeze=False)[0]
    for axes, role in zip(panels, roles, strict=False):
        _histogram(axes, rows[rows["role"] == role], colours[0], f"{ROLES[role]}: ")
    lower = strips[1].subplots(1, columns, squeeze=False)[0]
    for axes, size in zip(lower, sizes, strict=False):
        series = followed[followed["batch_size"] == size]
        _histogram(axes, series, colours[1], f"batch {size}: ")
        axes.set_xlabel("Noise (sd)")
    for axes in [*panels[len(roles) :], *lower[len(sizes) :]]:
        axes.set_axis_off()
    panels[0].set_ylabel("Density")
    lower[0].set_ylabel("Density")
    if images:
        _thumbnails(strips[2], *images)
    first = rows["batch_size"].min()
    drawn.suptitle(
        f"{origin['parameter']}, seed {origin['seed']}, epoch {origin['epoch']}, n = {origin['batches']}: "
        f"coordinates at batch size {first}; one followed; samples with most weight in the tails",
        fontsize=7.5,
        x=0.01,
        ha="left",
    )
    return drawn


def _histogram(axes: Axes, series: pd.DataFrame, colour: str, title: str) -> None:
    values = series["standardised"].dropna().to_numpy()
    alpha = float(series["alpha"].iloc[0])
    axes.set_title(rf"{title}$\alpha$ = {alpha:.2f}", fontsize=7.5)
    if not values.size:
        axes.text(0.5, 0.5, "constant", transform=axes.transAxes, ha="center", color=style.GREY)
        return
    reach = max(4.0, float(np.abs(values).max()))
    axes.hist(values, 41, range=(-reach, reach), density=True, color=colour, alpha=0.5)
    grid = np.linspace(-4, 4, 161)
    axes.plot(grid, np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi), color=style.INK, linewidth=0.8)
    axes.set_yscale("log")
    axes.set_ylim(2e-4, 10)
    axes.xaxis.set_major_locator(MaxNLocator(4))


def _thumbnails(strip: Any, images: NDArray[Any], names: Sequence[str]) -> None:
    for axes, image, name in zip(
        strip.subplots(1, len(images), squeeze=False)[0], images, names, strict=True
    ):
        axes.imshow(image, cmap="gray_r" if image.ndim == 2 else None, interpolation="nearest")
        axes.set_axis_off()
        axes.set_title(name[:11], fontsize=5.5, pad=1.5, loc="center")


def main() -> None:
    """Draw the last checkpoint of the first seed."""
    arguments = program.parse("Tails of single coordinates.", tables=False, layers=True)
    rows, top, origin = read(choose(arguments.layers))
    if rows.empty:
        program.save_without_data(arguments, "no live coordinate in this run")
        return
    images = read_images(arguments.data, top) if arguments.data else None
    numbers = rows.assign(**{name: origin[name] for name in ("parameter", "seed", "epoch")})
    program.save(draw(rows, images, origin, arguments.settings), arguments.output, numbers)


if __name__ == "__main__":
    stage.run(main)
