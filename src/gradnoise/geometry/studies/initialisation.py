"""Fisher's largest eigenvalue, its condition number and the Jacobian of networks at their initialisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from gradnoise.geometry.measures import GEOMETRY, geometry
from gradnoise.geometry.networks import INITIALISATIONS, NETWORK, images, network
from gradnoise.geometry.settings import Common
from gradnoise.store.studies import Rows, Study


@dataclass(frozen=True)
class Settings(Common):
    """What the job of one depth reads.

    Attributes:
        depth: layers of weights.
        q: variances of preactivations at which networks are critical.
        networks: drawn for each initialisation and q.
        samples: images on which Fisher information and Jacobians are measured.
    """

    depth: int
    q: Sequence[float]
    networks: int
    samples: int


def initialisation(settings: Settings) -> dict[str, Rows]:
    """A row for every network."""
    shown = images(settings.seed, settings.samples)
    depth, rows = settings.depth, []
    for kind, q in product(INITIALISATIONS, settings.q):
        inputs = shown.at(q)
        for seed in range(1, settings.networks + 1):
            model = network(depth, settings.width, kind, q, seed)
            about = {"depth": depth, "width": settings.width, "initialisation": kind, "q": q}
            rows.append(about | {"seed": seed} | geometry(model, inputs))
    return {"initialisation": rows}


STUDY = Study(Settings, {"initialisation": (*NETWORK, *GEOMETRY)}, initialisation)
