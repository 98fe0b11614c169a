"""Claims on coordinates whose noise is constant."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gradnoise.claims.claim import Claim, batch_counts, each_gradient
from gradnoise.claims.evidence import Evidence, at, need
from gradnoise.claims.quantities import Quantity, repeated
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.power import Noise
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, Scope

SILENT = 0.95  # of the constant coordinates: certainly this share or more has a silent unit

FEWEST = 0.02  # share of constant coordinates that can be told from none

SEQUENTIAL = (
    "cnn",
    "mlp",
    "alexnet",
    "alexnet_three_linear",
)  # a layer's inputs are the one's before


def point_masses_from_relu(run: Evidence, scope: Scope, batches: int) -> Sequence[Component]:
    """Share of weights whose input or output unit is silent on every training sample, over that of constant ones.

    At the largest batch size, whose batches have drawn the most samples. A weight with a silent unit is constant, so
    the ratio is 1 where nothing else makes weights constant. Behind a flattened convolution the silent inputs are
    whole channels: there may be more.
    """
    need(run.model in SEQUENTIAL, "a network without branches, whose layers' inputs are known")
    size = run.sizes[-1]
    constant = at(run.last(batches, "share_dirac"), "batch_size", size).groupby(level="seed").mean()
    silent = silent_weights(run)
    layers = [
        layer for layer in run.layers.index if layer in silent and constant[layer].mean() > FEWEST
    ]
    need(bool(layers), f"a layer with more than {100 * FEWEST:g} % constant coordinates")
    coordinates = at(run.last(batches, "coordinates"), "batch_size", size).mean()
    parts = []
    for layer in layers:
        ratio = (silent[layer] / constant[layer]).dropna()
        ratio.index = pd.MultiIndex.from_product([ratio.index, [0]], names=["seed", "repeat"])
        quantity = Quantity(
            label=f"{layer}: share of constant weights that have a silent unit",
            values=ratio,
            least=SILENT,
            margin=1 - SILENT,
        )
        if scope == ARCHITECTURE:
            parts += repeated([quantity], scope)
            continue
        share = float(constant[layer].mean())
        sampled = coordinates[layer] * len(ratio)
        relative = np.sqrt((1 - share) / share / sampled)  # of the sampled coordinates
        value = float(ratio.mean())
        parts.append(quantity.component(value, float(value * relative), np.inf))
    return parts


def silent_weights(run: Evidence) -> pd.DataFrame:
    """Share of a layer's weights with a silent input or output unit at the last epoch: rows seeds, columns layers.

    Raises:
        NotTestableError: where silent units were not recorded.
    """
    rows = run.training[run.training["epoch"] == run.epochs[-1]]
    columns = [name for name in map(str, rows) if name.startswith("dead_units_")]
    need(bool(columns) and len(rows) > 0, "shares of silent units (rectifiers)")
    rows = rows.set_index("seed")
    dead = rows[columns].rename(columns=lambda name: name.removeprefix("dead_units_"))
    found, before = {}, pd.Series(0.0, rows.index)
    for layer in run.layers.index:
        after = dead[layer] if layer in dead else pd.Series(0.0, rows.index)
        found[layer] = 1 - (1 - before) * (1 - after)
        before = after
    return pd.DataFrame(found)


def over_coordinates(run: Evidence, scope: Scope) -> Noise | None:
    """Of these networks, errors come from the choice of coordinates."""
    if scope == ARCHITECTURE:
        return run.noise(scope)
    coordinates = run.settings.get("noise", {}).get("coordinates")
    known = isinstance(coordinates, int)
    return Noise("coordinates of every layer", coordinates, "noise.coordinates") if known else None


CLAIMS = [
    Claim(
        "point_masses_from_relu",
        "Coordinates whose noise is constant come from units that ReLU keeps silent",
        "gradient noise",
        "paper",
        "share of weights with a silent input or output unit over the share of weights whose noise is constant",
        point_masses_from_relu,
        about=each_gradient,
        cases=batch_counts,
        noise=over_coordinates,
        unit="",
    ),
]
