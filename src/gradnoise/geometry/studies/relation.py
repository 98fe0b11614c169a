"""How alike noise covariance, Fisher information and Hessian are along training, from the initialisation to a fit.

Of Euclidean networks, all at one learning rate. With the softmax's Fisher information F, which is the
generalised Gauss-Newton matrix, the Hessian is H = F + R: R holds the outputs' second derivatives, each times the residual
of its sample, and is small where residuals are small or average out. The noise covariance C is F where labels are as the
model says they are.
"""

from dataclasses import dataclass

import torch

from gradnoise.geometry.descents import Arm, Ensemble
from gradnoise.geometry.networks import NETWORK, images
from gradnoise.geometry.relation import Relation, curvature_relation
from gradnoise.geometry.settings import Trained
from gradnoise.store.studies import Rows, Study
from gradnoise.store.variables import Variable

RATE = 0.04  # at which all kinds of depth 16 are stable
EPOCHS = (0, 1, 5, 20, 100)  # at which they are measured
PROBES = 10
NETWORKS = 5  # at most


@dataclass(frozen=True)
class Settings(Trained):
    """What the job of one kind of networks reads.

    Attributes:
        depth: layers of weights.
        initialisation: "orthogonal" or "gaussian".
        q: variance of the preactivations.
        networks: how many, NETWORKS at most.
    """

    depth: int
    initialisation: str
    q: float
    networks: int


def relation(settings: Settings) -> dict[str, Rows]:
    """A row for every network and epoch; networks are trained beside each other."""
    shown = images(settings.seed, settings.images)
    depth, kind, q = settings.depth, settings.initialisation, settings.q
    seeds = range(1, min(settings.networks, NETWORKS) + 1)
    arm = Arm(depth, kind, "euclidean", q)
    networks = Ensemble(arm, [(RATE, seed) for seed in seeds], shown, settings)
    per_epoch = max(1, settings.images // settings.batch_size)
    about = {"depth": depth, "width": settings.width, "initialisation": kind, "q": q}
    rows: Rows = []
    for epoch in range(EPOCHS[-1] + 1):
        if epoch in EPOCHS:
            for place, (seed, loss) in enumerate(zip(seeds, networks.losses(), strict=True)):
                found = curvature_relation(
                    networks.network(place),
                    torch.nn.functional.cross_entropy,
                    networks.inputs,
                    shown.classes,
                    probes=PROBES,
                    seed=seed,
                )
                at = {"seed": seed, "epoch": epoch, "loss": float(loss)}
                rows.append(about | at | numbers(found))
        for _ in range(per_epoch if epoch < EPOCHS[-1] else 0):
            networks.step()
    return {"relation": rows}


def numbers(found: Relation) -> dict[str, float]:
    """A relation as its table has it."""
    values = {name: float(each.value) for name, each in found._asdict().items()}
    errors = {f"{name}_error": float(each.standard_error) for name, each in found._asdict().items()}
    return values | errors


WORDS = {
    "fisher_hessian": "cosine of Fisher information and Hessian, tr(F H) / (|F| |H|), Frobenius norms",
    "fisher_noise": "cosine of Fisher information and noise covariance",
    "hessian_noise": "cosine of Hessian and noise covariance",
    "noise_over_fisher": "trace of the noise covariance over that of the Fisher information",
    "hessian_over_fisher": "trace of the Hessian over that of the Fisher information",
    "rest_over_hessian": "Frobenius norm of what the Hessian has besides the Fisher information, |H - F|, over its own",
}

STUDY = Study(
    Settings,
    {
        "relation": (
            *NETWORK,
            Variable("epoch", "of its training", "epochs"),
            Variable("loss", "over all images", "loss"),
            *(Variable(name, words) for name, words in WORDS.items()),
            *(Variable(f"{name}_error", "its standard error over random probes") for name in WORDS),
        )
    },
    relation,
)
