"""Is detailed balance broken, and by as much as noise and Hessian say? Are the modes equally hot?"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from gradnoise.claims.claim import Claim, once
from gradnoise.claims.experiment import Trajectory
from gradnoise.claims.followed import THEORY, Followed, followed, nearest, relative
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.decision import some
from gradnoise.store.variables import NORMAL
from gradnoise.tables.moderated.contrasts import Scope

EQUAL = float(np.log(1.1))  # difference of the logarithms of two temperatures that are called one

AMPLITUDE = 0.5, 2.0  # log-odds over expected ones that are called as predicted


def has_arrow(trajectory: Trajectory) -> None:
    """There are enough blocks for the error of the log-odds, and there is something to look for."""
    trajectory.require(
        bool(np.isfinite(trajectory.numbers["arrow_score"])),
        "too few steps for the error of the arrow of time (20 blocks of five correlation times), or noise and "
        "Hessian that commute",
    )


def detailed_balance_broken(subject: Followed, scope: Scope) -> Sequence[Component]:
    """Every film runs forward; together by as much as predicted; and reversible films of one length do not.

    The controls can leave the claim open and not contradict it: five of a hundred are beyond by chance.
    """
    trajectories = subject.testable(*THEORY, has_arrow)
    parts = [
        Component(
            f"{subject.label(each)}: log-odds that the film runs forward",
            float(each.numbers["arrow_log_odds"]),
            float(each.numbers["arrow_log_odds_error"]),
            least=0.0,
            family="forward",
            margin=float(each.numbers["arrow_expected"]),
        )
        for each in trajectories
    ]
    amplitude, error = _amplitude(trajectories)
    label = "all trajectories: log-odds over those predicted"
    least, most = AMPLITUDE
    parts.append(Component(label, amplitude, error, least=least, most=most, family="amplitude"))
    scores = np.array([each.numbers["control_arrow_score"] for each in trajectories])
    control = float(scores.sum() / np.sqrt(len(scores)))
    parts.append(
        Component(
            "reversible controls of the same lengths: log-odds over their error", control, 0.0,
            least=-NORMAL, most=NORMAL, refuted_below=-np.inf, refuted_above=np.inf, family="control",
        )
    )  # fmt: skip
    return parts


def _amplitude(trajectories: Sequence[Trajectory]) -> tuple[float, float]:
    """Log-odds of all films over those expected, with the errors of films and predictions."""
    expected = np.array([each.numbers["arrow_expected"] for each in trajectories])
    amplitudes = np.array([each.numbers["arrow_amplitude"] for each in trajectories])
    errors = np.array([each.numbers["arrow_amplitude_error"] for each in trajectories])
    weights = expected / expected.sum()
    return float(weights @ amplitudes), float(np.sqrt((weights**2) @ errors**2))


def not_gibbs(subject: Followed, scope: Scope, place: int) -> Sequence[Component]:
    """Some pair of modes differs in temperature by more than 10 %."""
    trajectory = subject.by_step(*THEORY)[place]
    rows = trajectory.directions
    logs, errors = np.log(rows["temperature"]), relative(rows, "temperature")
    name, modes = subject.label(trajectory), rows["direction"].to_numpy() + 1
    return [
        Component(
            f"{name}: log temperature of mode {modes[i]} minus that of mode {modes[j]}",
            float(logs.iloc[i] - logs.iloc[j]),
            float(np.hypot(errors.iloc[i], errors.iloc[j])),
            least=-EQUAL,
            most=EQUAL,
        )
        for i, j in combinations(range(len(rows)), 2)
    ]


def temperature_remark(subject: Followed) -> str:
    """How hot the hottest mode is; the largest of many is biased upwards, and decides nothing."""
    trajectory = subject.by_step(*THEORY)[0]
    rows = trajectory.directions
    highest = rows["temperature"].max() / rows["temperature"].min()
    kinetic = rows["kinetic_temperature"].max() / rows["kinetic_temperature"].min()
    return f"the hottest mode is {highest:.1f} times as hot as the coldest ({kinetic:.1f} by its steps)"


def asymmetry_remark(subject: Followed) -> str:
    """Third-order time asymmetry, which sees what Gaussian measures cannot."""
    rows = [each.directions for each in subject.testable(*THEORY, has_arrow)]
    score = np.abs(np.concatenate([each["asymmetry"] / each["asymmetry_error"] for each in rows]))
    beyond = int((score > 3).sum())
    return (
        f"third-order time asymmetry beyond three errors in {beyond} of {len(score)} directions "
        f"(largest {np.nanmax(score):.1f} errors)"
    )


CLAIMS = [
    Claim(
        "stationary_law_not_gibbs",
        "The stationary law is not Gibbs: its modes have different temperatures",
        "dynamics",
        "paper",
        "difference of the log temperatures of two modes",
        not_gibbs,
        about=followed,
        cases=nearest(*THEORY),
        rule=some,
        remark=temperature_remark,
        unit="",
    ),
    Claim(
        "detailed_balance_broken",
        "Detailed balance is broken, by as much as the commutator of noise and Hessian says",
        "dynamics",
        "paper",
        "log-odds that a recorded film runs forward, in nats and over those predicted",
        detailed_balance_broken,
        about=followed,
        cases=once,
        remark=asymmetry_remark,
        unit="",
    ),
]
