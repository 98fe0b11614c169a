"""Fisher's largest eigenvalue, its condition number and the Jacobian of networks at their initialisation."""

from itertools import product

from gradnoise.geometry.networks import (
    GEOMETRY,
    INITIALISATIONS,
    NETWORK,
    geometry,
    images,
    network,
)
from gradnoise.geometry.settings import Settings
from gradnoise.store.studies import Rows, Study


def initialisation(settings: Settings) -> dict[str, Rows]:
    """A row for every network."""
    shown = images(settings.seed, settings.samples)
    arms = product(settings.depths, INITIALISATIONS, settings.q)
    rows = []
    for depth, kind, q in arms:
        inputs = shown.at(q)
        for seed in range(1, settings.networks + 1):
            model = network(depth, settings.width, kind, q, seed)
            about = {"depth": depth, "width": settings.width, "initialisation": kind, "q": q}
            rows.append(about | {"seed": seed} | geometry(model, inputs))
    return {"initialisation": rows}


STUDY = Study({"initialisation": (*NETWORK, *GEOMETRY)}, initialisation)
