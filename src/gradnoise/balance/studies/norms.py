"""The law of balance measured: the decay of two scalars' imbalance, the norms' fixed point, and whole networks.

Two-layer networks, linear and with rectifiers, are trained by SGD on a fixed data set whose labels are noisy. Gradient
descent keeps every unit's |u|^2 - |w|^2 but for its finite steps; under SGD it follows the stochastic differential equation.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.balance.ensembles import sample_units
from gradnoise.balance.settings import Common
from gradnoise.balance.study import seed_of
from gradnoise.draws.streams import Stream, generator
from gradnoise.store.studies import Rows, Study
from gradnoise.store.variables import Variable

Floats = NDArray[np.float64]

SCALARS = 1.2  # u at the start, w = 1 / u: the product is the optimum
DECAY_RATE, DECAY_STEPS, DECAY_REPLICAS = 0.003, 100_000, 50
FIXED = ((6, 2), (2, 6), (3, 3))  # inputs, outputs
FIXED_RATE, FIXED_BATCH, FIXED_STEPS, BURN_IN, FIXED_REPLICAS = 0.01, 4, 600_000, 200_000, 4
SAMPLES, INPUTS, UNITS, OUTPUTS = 256, 6, 12, 2
TRAINING_RATE, TRAINING_BATCH, TRAINING_STEPS, EVERY = 0.02, 8, 20_000, 100


def norms(settings: Common) -> dict[str, Rows]:
    """Rows of all three tables."""
    fixed = [_fixed(inputs, outputs, settings) for inputs, outputs in FIXED]
    kinds = [
        (network, batch) for network in ("linear", "relu") for batch in (TRAINING_BATCH, SAMPLES)
    ]
    return {
        "decay": [_decay(settings)],
        "fixed_points": fixed,
        "training": [row for kind in kinds for row in trained(*kind, settings)],
    }


def _decay(settings: Common) -> dict[str, Any]:
    start = [SCALARS], [1 / SCALARS]
    found = sample_units(
        *start, [[1.0]], DECAY_RATE, 1, DECAY_STEPS, DECAY_REPLICAS, seed_of(settings, "decay")
    )
    left = np.abs(found.first**2 - found.second**2)[:, 0]
    rates = -np.log(left / (SCALARS**2 - SCALARS**-2)) / (DECAY_RATE * DECAY_STEPS)
    return {
        **{"learning_rate": DECAY_RATE, "steps": DECAY_STEPS, "replicas": DECAY_REPLICAS},
        "decay": float(rates.mean()),
        "decay_error": float(rates.std(ddof=1) / np.sqrt(rates.size)),
        "predicted_decay": DECAY_RATE,  # T s^2, with single samples and label noise 1
    }


def _fixed(inputs: int, outputs: int, settings: Common) -> dict[str, Any]:
    u, w = np.ones(inputs) / np.sqrt(inputs), np.ones(outputs) / np.sqrt(outputs)
    seed = seed_of(settings, "fixed", inputs, outputs)
    found = sample_units(
        *(u, w, np.outer(w, u), FIXED_RATE, FIXED_BATCH, FIXED_STEPS, FIXED_REPLICAS, seed),
        burn_in=BURN_IN,
    )
    return {
        **{"inputs": inputs, "outputs": outputs, "learning_rate": FIXED_RATE},
        **{"batch_size": FIXED_BATCH, "steps": FIXED_STEPS, "replicas": FIXED_REPLICAS},
        "ratio": float(found.ratio.mean()),
        "ratio_error": float(found.ratio.std(ddof=1) / np.sqrt(FIXED_REPLICAS)),
        "predicted_ratio": inputs / outputs,
    }


def trained(network: str, batch: int, settings: Common) -> Rows:
    """Imbalance of a two-layer network along its training, and what the law foretells of it.

    Args:
        network: "linear" or "relu".
        batch: samples, drawn with replacement; SAMPLES: gradient descent on all of them.
        settings: of the job.
    """
    random = generator(settings.seed, Stream.BALANCE, "training", network)
    x = random.standard_normal((SAMPLES, INPUTS))
    teacher = random.standard_normal((OUTPUTS, INPUTS)) / np.sqrt(INPUTS)
    y = x @ teacher.T + random.standard_normal((SAMPLES, OUTPUTS))
    U = random.standard_normal((UNITS, INPUTS)) / np.sqrt(INPUTS)
    W = random.standard_normal((OUTPUTS, UNITS)) / np.sqrt(UNITS)
    full = batch == SAMPLES
    temperature = 0.0 if full else TRAINING_RATE / batch
    start = _imbalances(U, W)
    foretold, rows = start.copy(), []
    drift = _drift(U, W, x, y, network, temperature)
    for step in range(TRAINING_STEPS + 1):
        if step % EVERY == 0:
            before, drift = drift, _drift(U, W, x, y, network, temperature)
            if step:
                foretold += TRAINING_RATE * EVERY * (before + drift) / 2
            now = _imbalances(U, W)
            loss = ((_outputs(U, W, x, network) - y) ** 2).sum(axis=1).mean() / 2
            rows.append(
                {
                    **{"network": network, "batch_size": batch, "step": step, "loss": float(loss)},
                    "imbalance": float(now.sum()),
                    "predicted_imbalance": float(foretold.sum()),
                    "spread": float(np.abs(now).mean()),
                    "predicted_spread": float(np.abs(foretold).mean()),
                }
            )
        at = slice(None) if full else random.integers(0, SAMPLES, batch)
        g_u, g_w = _gradients(U, W, x[at], y[at], network)
        U, W = U - TRAINING_RATE * g_u.mean(axis=0), W - TRAINING_RATE * g_w.mean(axis=0)
    return rows


def _imbalances(U: Floats, W: Floats) -> Floats:
    """|u|^2 - |w|^2 of every unit."""
    return np.asarray((U**2).sum(axis=1) - (W**2).sum(axis=0))


def _outputs(U: Floats, W: Floats, x: Floats, network: str) -> Floats:
    hidden = x @ U.T
    return np.asarray((np.maximum(hidden, 0) if network == "relu" else hidden) @ W.T)


def _gradients(U: Floats, W: Floats, x: Floats, y: Floats, network: str) -> tuple[Floats, Floats]:
    """Of every sample's loss |f - y|^2 / 2: (samples, units, inputs), (samples, outputs, units)."""
    hidden = x @ U.T
    active = (hidden > 0) if network == "relu" else np.ones_like(hidden)
    error = (hidden * active) @ W.T - y
    back = (error @ W) * active
    return back[:, :, None] * x[:, None, :], error[:, :, None] * (hidden * active)[:, None, :]


def _drift(U: Floats, W: Floats, x: Floats, y: Floats, network: str, temperature: float) -> Floats:
    """The law's rate of every unit's imbalance: T (tr C_u - tr C_w), with C over the samples."""
    g_u, g_w = _gradients(U, W, x, y, network)
    return np.asarray(temperature * (g_u.var(axis=0).sum(axis=1) - g_w.var(axis=0).sum(axis=0)))


STUDY = Study(
    Common,
    {
        "decay": (
            Variable("learning_rate", "of SGD", "parameter^2 per loss"),
            Variable("steps", "of SGD", "steps"),
            Variable("replicas", "of the network v = u w"),
            Variable("decay", "rate at which ln |u^2 - w^2| falls, per learning rate x step"),
            Variable("decay_error", "its standard error over replicas"),
            Variable(
                "predicted_decay", "of the law: temperature times the variance of the gradient in v"
            ),
        ),
        "fixed_points": (
            Variable("inputs", "of the network of one hidden unit"),
            Variable("outputs", "of it"),
            Variable("learning_rate", "of SGD", "parameter^2 per loss"),
            Variable("batch_size", "samples in a batch", "samples"),
            Variable("steps", "of SGD", "steps"),
            Variable("replicas", "of the network"),
            Variable("ratio", "time mean of |u|^2 / |w|^2"),
            Variable("ratio_error", "its standard error over replicas"),
            Variable("predicted_ratio", "of the law: inputs over outputs"),
        ),
        "training": (
            Variable("network", "linear or relu, of two layers", ""),
            Variable("batch_size", "samples in a batch; all of them: gradient descent", "samples"),
            Variable("step", "of the training", "steps"),
            Variable("loss", "on the training samples", "loss"),
            Variable("imbalance", "|u|^2 - |w|^2, summed over units", "parameter^2"),
            Variable("predicted_imbalance", "by the law's rate along the way", "parameter^2"),
            Variable("spread", "mean over units of its size", "parameter^2"),
            Variable("predicted_spread", "by the law's rate along the way", "parameter^2"),
        ),
    },
    norms,
)
