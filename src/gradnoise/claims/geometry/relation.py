"""Claims on the step that isotropic laws of SGD rest on: noise covariance, Fisher information and Hessian are one."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from gradnoise.claims.claim import Claim, once
from gradnoise.claims.evidence import need
from gradnoise.claims.geometry.networks import Networks, mean, of_tables
from gradnoise.claims.scheme.component import Component
from gradnoise.tables.moderated.contrasts import Scope

ALIKE = 0.9  # cosine, at least
EQUAL = 0.1  # around 1, of a ratio of traces
NEEDED = 3  # networks
KINDS = ["depth", "initialisation", "q"]


def hessian(subject: Networks, scope: Scope) -> Sequence[Component]:
    """Cosine of H and F and the ratio of their traces, at the last epoch."""
    parts: list[Component] = []
    for where, rows in _kinds(subject, -1):
        parts += _alike(where, rows, "fisher_hessian", "hessian_over_fisher", "Hessian")
    return parts


def noise(subject: Networks, scope: Scope) -> Sequence[Component]:
    """Cosine of C and F and the ratio of their traces, at the first and the last epoch."""
    parts: list[Component] = []
    for place in (0, -1):
        for where, rows in _kinds(subject, place):
            parts += _alike(where, rows, "fisher_noise", "noise_over_fisher", "noise covariance")
    return parts


def _kinds(subject: Networks, place: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Rows of one epoch by depth, initialisation and q, in words."""
    rows = subject.tables["relation"]
    epoch = sorted(rows["epoch"].unique())[place]
    for (depth, kind, q), mine in rows[rows["epoch"] == epoch].groupby(KINDS):
        need(len(mine) >= NEEDED, f"geometry.networks of {NEEDED} or more")
        yield f"{kind}, depth {depth}, q = {q:g}, epoch {epoch}", mine


def _alike(
    where: str, rows: pd.DataFrame, cosine: str, ratio: str, words: str
) -> Sequence[Component]:
    return [
        mean(
            f"{where}: cosine of {words} and Fisher information",
            rows[cosine],
            least=ALIKE,
            highest=1.0,
            margin=1 - ALIKE,
        ),
        mean(
            f"{where}: trace of the {words} over Fisher's",
            rows[ratio],
            least=1 - EQUAL,
            most=1 + EQUAL,
        ),
    ]


def fitted(subject: Networks) -> str:
    """What loss the last epoch has."""
    rows = subject.tables["relation"]
    last = rows["epoch"].max()
    losses = rows[rows["epoch"] == last].groupby(KINDS)["loss"].mean()
    return f"mean loss at epoch {last}: {losses.min():.2g} to {losses.max():.2g}"


def _networks(tables: Mapping[str, pd.DataFrame]) -> int:
    rows = tables["relation"]
    return int(rows.groupby([*KINDS, "epoch"]).size().min())


_ABOUT = of_tables(["relation"], ["relation"], _networks, key="geometry.networks")

CLAIMS = [
    Claim(
        "hessian_is_fisher",
        "Where the network fits its data, the Hessian is the Fisher information",
        "companions",
        "gradnoise",
        "cosine of Hessian and Fisher information, and their traces' ratio",
        hessian,
        about=_ABOUT,
        cases=once,
        unit="",
        remark=fitted,
    ),
    Claim(
        "noise_is_fisher",
        "The covariance of the gradient noise is the Fisher information, before training and where the network fits its data",
        "companions",
        "gradnoise",
        "cosine of noise covariance and Fisher information, and their traces' ratio",
        noise,
        about=_ABOUT,
        cases=once,
        unit="",
        remark=fitted,
    ),
]
