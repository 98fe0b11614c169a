"""What figures of the training study share: its kinds of training, and the key that names them."""

from collections.abc import Iterator, Sequence

import pandas as pd
from matplotlib.lines import Line2D

ARMS = (("orthogonal", "euclidean"), ("orthogonal", "stiefel"), ("gaussian", "euclidean"))
NAMES = ("orthogonal", "orthogonal, Stiefel manifold", "Gaussian")


def by_arm(rows: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    """Place and rows of every arm that there is."""
    for place, (initialisation, manifold) in enumerate(ARMS):
        mine = rows[(rows["initialisation"] == initialisation) & (rows["manifold"] == manifold)]
        if len(mine):
            yield place, mine


def key(colours: Sequence[str], markers: Sequence[str]) -> list[Line2D]:
    """A line for each arm."""
    return [
        Line2D(
            [], [], color=colours[k], marker=markers[k], linewidth=1.0, markersize=3.5, label=name
        )
        for k, name in enumerate(NAMES)
    ]
