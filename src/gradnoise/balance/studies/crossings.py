"""Broken ergodicity: two factors that start balanced on the wrong side of 0 never cross it, unbalanced ones do."""

import numpy as np

from gradnoise.balance.ensembles import sample_units
from gradnoise.balance.settings import Ensembles
from gradnoise.balance.study import seed_of
from gradnoise.store.studies import Rows, Study
from gradnoise.store.variables import Variable

# Both factors: balanced, and further and further from it at much the same product.
STARTS = (
    (0.7, -0.7),
    (0.7035, -0.6965),
    (0.735, -0.665),
    (0.8, -0.61),
    (0.9, -0.545),
    (1.1, -0.445),
)
RATE, STEPS = 0.01, 5000
NOISE = 1.0


def crossings(settings: Ensembles) -> dict[str, Rows]:
    """A row for every start."""
    rows = []
    for first, second in STARTS:
        seed = seed_of(settings, "crossings", str(first))
        found = sample_units(
            [first], [second], [[1.0]], RATE, 1, STEPS, settings.replicas, seed, NOISE
        )
        v = (found.first * found.second)[:, 0]
        kept = v[np.isfinite(v)]
        rows.append(
            {
                **{"first": first, "second": second, "imbalance": first**2 - second**2},
                **{"learning_rate": RATE, "steps": STEPS, "replicas": settings.replicas},
                **{"diverged": v.size - kept.size, "crossed": int((kept > 0).sum())},
            }
        )
    return {"crossings": rows}


STUDY = Study(
    Ensembles,
    {
        "crossings": (
            Variable("first", "factor u at the start; v = u w, the slope is 1"),
            Variable("second", "factor w at the start"),
            Variable("imbalance", "u^2 - w^2 at the start"),
            Variable("learning_rate", "of SGD", "parameter^2 per loss"),
            Variable("steps", "of SGD", "steps"),
            Variable("replicas", "of the network"),
            Variable("diverged", "of them"),
            Variable("crossed", "replicas that end on the slope's side of 0"),
        )
    },
    crossings,
)
