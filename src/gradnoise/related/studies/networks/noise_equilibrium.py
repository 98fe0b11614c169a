"""Noise equilibrium: SGD moves along a rescaling symmetry to where its noise balances, flatter or sharper.

One linear hidden unit, f(x) = w (u x) with inputs N(0, I_d), m outputs and label noise: |u|^2 - |w|^2 is conserved by
gradient flow; SGD changes it by eta^2 (|g_u|^2 - |g_w|^2) a step, until |u|^2 / |w|^2 = d / m. At |u| |w| = s the
trace of the Hessian, d |w|^2 + m |u|^2, is least there, 2 s sqrt(d m); its largest eigenvalue, |u|^2 + |w|^2, at
balanced norms. Both are given at that scale, which SGD's noise does not hold exactly.
"""

import numpy as np
from numpy.typing import ArrayLike

from gradnoise.balance.ensembles import Units, sample_units
from gradnoise.related.study import Floats, Panel, Results, Settings, Study, measured
from gradnoise.store.variables import Variable

INPUTS, OUTPUTS, SCALE = 6, 2, 1.0
RATE, BATCH = 0.01, 4
STARTS = (1.0, 16.0)  # |u|^2 / |w|^2
STEPS, BURNT = 200_000, 0.3
MARGIN = 0.02


def trace(inner: ArrayLike, outer: ArrayLike) -> Floats:
    """Trace of the Hessian at the optimum, from |u|^2 and |w|^2.

    >>> float(trace(1.0, 1.0)), round(float(trace(3**0.5, 3**-0.5)), 4)
    (8.0, 6.9282)
    """
    return np.asarray(INPUTS * np.asarray(outer) + OUTPUTS * np.asarray(inner))


def sharpness(inner: ArrayLike, outer: ArrayLike) -> Floats:
    """Its largest eigenvalue, from |u|^2 and |w|^2."""
    return np.asarray(np.asarray(inner) + np.asarray(outer))


def norms(ratio: ArrayLike) -> tuple[Floats, Floats]:
    """|u|^2 and |w|^2 at a ratio |u|^2 / |w|^2, where |u| |w| is the target's scale."""
    root = np.sqrt(ratio)
    return np.asarray(SCALE * root), np.asarray(SCALE / root)


def train(settings: Settings, start: float, steps: int) -> Units:
    """Replicas (as many as repeats) of SGD from the optimum with |u|^2 / |w|^2 = start."""
    random = settings.random("noise_equilibrium", f"{start:g}")
    inner, outer = random.standard_normal(INPUTS), random.standard_normal(OUTPUTS)
    squares = norms(start)
    inner *= np.sqrt(squares[0]) / np.linalg.norm(inner)
    outer *= np.sqrt(squares[1]) / np.linalg.norm(outer)
    return sample_units(
        *(inner, outer, np.outer(outer, inner), RATE, BATCH, steps, settings.repeats),
        settings.seed,
        burn_in=int(BURNT * steps),
    )


def run(settings: Settings) -> Results:
    """From balanced norms, and from beyond the equilibrium."""
    steps = settings.scaled(STEPS)
    ended = [train(settings, start, steps) for start in STARTS]
    ratios = np.array([each.ratio for each in ended])
    equilibrium = INPUTS / OUTPUTS
    rows = []
    for start, ratio in zip(STARTS, ratios, strict=True):
        rows.append(
            measured(
                f"|u|^2 / |w|^2 from {start:g}",
                ratio,
                equilibrium,
                equilibrium * (1 - MARGIN),
                equilibrium * (1 + MARGIN),
            )
        )
        rises = start == 1
        for name, of, up in (("trace", trace, False), ("largest eigenvalue", sharpness, rises)):
            expected = float(of(*norms(equilibrium)) - of(*norms(start)))
            limits = {"least": 0.0} if up else {"most": 0.0}
            change = of(*norms(ratio)) - of(*norms(start))
            rows.append(
                measured(
                    f"change of the Hessian's {name} from {start:g}", change, expected, **limits
                )
            )
    return Results(
        rows,
        {
            "start": STARTS,
            "ratio": ratios,
            "change": np.array(
                [
                    [
                        of(*norms(ratio)) - of(*norms(start))
                        for start, ratio in zip(STARTS, ratios, strict=True)
                    ]
                    for of in (trace, sharpness)
                ]
            ),
        },
    )


STUDY = Study(
    title="Does SGD's noise make minima flatter?",
    statement="Noise settles at |u|^2 / |w|^2 = d / m; the Hessian's trace falls from either side, its largest "
    "eigenvalue rises from balanced norms and falls from beyond",
    source="Ziyin et al., arXiv:2402.07193",
    caption="One linear hidden unit with label noise, from two ratios of squared norms. a: the ratio at which SGD settles "
    "(95 % intervals over repeats; dotted: d / m). b: how much the Hessian's trace and its largest eigenvalue have changed.",
    variables=(
        Variable("start", "|u|^2 / |w|^2 at the start", "1", ("start",)),
        Variable(
            "ratio", "|u|^2 / |w|^2, mean over the steps after burn-in", "1", ("start", "repeat")
        ),
        Variable(
            "change",
            "of the Hessian's trace and of its largest eigenvalue, from the start to the end",
            "loss per parameter^2",
            ("quantity", "start", "repeat"),
        ),
    ),
    panels=(
        Panel(
            "where the norms settle",
            "ratio",
            tuple(f"from {start:g}" for start in STARTS),
            level=INPUTS / OUTPUTS,
            label="|u|² / |w|²",
        ),
        Panel(
            "change of the Hessian",
            "change",
            tuple(f"from {start:g}" for start in STARTS),
            lines=("trace", "largest eigenvalue"),
            level=0.0,
            label="change (loss per parameter²)",
        ),
    ),
    run=run,
)
