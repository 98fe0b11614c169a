"""Near the minimum: noise and Hessian, a constant diffusion, where the law peaks, how wide it is."""

from collections.abc import Sequence

import numpy as np

from gradnoise.claims.claim import Claim, once
from gradnoise.claims.experiment import Trajectory
from gradnoise.claims.followed import (
    NOISE,
    THEORY,
    Followed,
    followed,
    independent,
    nearest,
    stationary,
)
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.power import Noise
from gradnoise.store.variables import NORMAL
from gradnoise.tables.moderated.contrasts import Scope

SLOPE = 0.1  # of an exponent

DOMINATES = 10.0  # noise over the mean gradient squared

CONSTANT, VARIES = 0.1, 0.3  # coefficient of variation of the noise

OFF_CENTRE = 0.2  # standard deviations between the mean and the minimum

SHARP = 0.03  # error of that distance up to which a mode is asked

SMALL_STEP, MODES = 0.1, 16  # largest eta h, and eigenvectors, that the isotropic law is asked with


def noise_like_hessian(subject: Followed, scope: Scope, place: int) -> Sequence[Component]:
    """Exponent gamma of C ~ H^gamma over the eigenvectors, the Hessian without weight decay."""
    trajectory = subject.by_step(*THEORY)[place]
    return [_exponent(subject, trajectory, "noise_exponent", "gamma of C ~ H^gamma", 1.0)]


def over_modes(subject: Followed, scope: Scope) -> Noise | None:
    """An exponent's error is the scatter of the modes, of which there are no more to be had by more steps."""
    return None


def _exponent(
    subject: Followed, trajectory: Trajectory, name: str, words: str, expected: float
) -> Component:
    """A slope over modes with Student's interval of its scatter."""
    numbers = trajectory.numbers
    return Component(
        f"{subject.label(trajectory)}: {words}",
        float(numbers[name]),
        float(numbers[f"{name}_error"]),
        len(trajectory.directions) - 2,
        least=expected - SLOPE,
        most=expected + SLOPE,
        family=name,
        margin=SLOPE,
    )


def noise_dominates(subject: Followed, scope: Scope, place: int) -> Sequence[Component]:
    """Trace of the mini-batch noise over the mean gradient squared, along the eigenvectors."""
    trajectory = subject.by_step(*NOISE)[place]
    numbers = trajectory.numbers
    label = f"{subject.label(trajectory)}: noise over the mean gradient squared"
    value, error = numbers["noise_over_gradient"], numbers["noise_over_gradient_error"]
    return [Component(label, float(value), float(error), least=DOMINATES, margin=DOMINATES)]


def diffusion_constant(subject: Followed, scope: Scope, place: int) -> Sequence[Component]:
    """The noise's trace and largest eigenvalue vary by less than 10 % over snapshots."""
    trajectory = subject.by_step(*NOISE)[place]
    numbers, parts = trajectory.numbers, []
    for name, words in (("trace", "the noise's trace"), ("top", "its largest eigenvalue")):
        value, lower, upper = (
            float(numbers[f"noise_{name}_variation{end}"]) for end in ("", "_lower", "_upper")
        )
        parts.append(
            Component(
                f"{subject.label(trajectory)}: coefficient of variation of {words}", value, np.nan,
                most=CONSTANT, refuted_above=VARIES, lowest=0.0, margin=CONSTANT,
                bounds=(lower, upper), family=name,
            )
        )  # fmt: skip
    return parts


def has_minimum(trajectory: Trajectory) -> None:
    """The loss was measured along modes that are known sharply enough."""
    errors = trajectory.directions["minimum_distance_error"]
    sharp = int((errors <= SHARP).sum())
    trajectory.require(
        sharp > 0, f"no mode's mean is known to {SHARP:g} standard deviations of its law"
    )


def peak_at_minimum(subject: Followed, scope: Scope) -> Sequence[Component]:
    """The loss's minimum along every sharply known mode is within 0.2 standard deviations of the mean."""
    parts = []
    for trajectory in subject.testable(stationary, independent, has_minimum):
        rows = trajectory.directions
        for _, row in rows[rows["minimum_distance_error"] <= SHARP].iterrows():
            label = f"{subject.label(trajectory)}, mode {row['direction'] + 1}: minimum minus mean"
            value, error = float(row["minimum_distance"]), float(row["minimum_distance_error"])
            parts.append(Component(label, value, error, least=-OFF_CENTRE, most=OFF_CENTRE))
    return parts


def small_steps(trajectory: Trajectory) -> None:
    """Isotropy is asked of small steps, in enough directions."""
    step, count = float(trajectory.numbers["largest_step"]), len(trajectory.directions)
    trajectory.require(
        step < SMALL_STEP,
        f"the claim is about small steps, below {SMALL_STEP:g}; learning rate times curvature reaches {step:.2f}",
    )
    trajectory.require(count >= MODES, f"{count} eigenvectors; {MODES} are needed")


def locally_isotropic(subject: Followed, scope: Scope) -> Sequence[Component]:
    """Variance does not depend on the curvature, and noise is proportional to the Hessian."""
    parts = []
    for trajectory in subject.testable(*THEORY, small_steps):
        slope = "exponent of the variance in the curvature"
        parts.append(_exponent(subject, trajectory, "variance_exponent", slope, 0.0))
        gamma = "gamma of C ~ H^gamma"
        parts.append(_exponent(subject, trajectory, "noise_exponent", gamma, 1.0))
    return parts


def isotropy_remark(subject: Followed) -> str:
    """The exponent that the exact law has with the measured Hessian and noise."""
    said = []
    for trajectory in subject.testable(*THEORY, small_steps):
        numbers = trajectory.numbers
        value = numbers["predicted_variance_exponent"]
        error = NORMAL * numbers["predicted_variance_exponent_error"]
        said.append(f"{value:.2f} ± {error:.2f} ({subject.label(trajectory)})")
    return f"the exact law's exponent is {', '.join(said)}".replace("-", "−")


CLAIMS = [
    Claim(
        "noise_like_hessian",
        "At the optimum the noise covariance is proportional to the Hessian",
        "dynamics",
        "paper",
        "exponent gamma of C ~ H^gamma over the Hessian's eigenvectors",
        noise_like_hessian,
        about=followed,
        cases=nearest(*THEORY),
        noise=over_modes,
        unit="",
    ),
    Claim(
        "noise_dominates_mean",
        "Near the optimum the noise dominates the mean gradient, more than tenfold",
        "dynamics",
        "paper",
        "trace of the mini-batch noise over the mean gradient squared",
        noise_dominates,
        about=followed,
        cases=nearest(*NOISE),
        unit="",
    ),
    Claim(
        "diffusion_constant",
        "The diffusion is constant near the minimum, to 10 %",
        "dynamics",
        "paper",
        "coefficient of variation of the noise along the trajectory",
        diffusion_constant,
        about=followed,
        cases=nearest(*NOISE),
        unit="",
    ),
    Claim(
        "peak_at_minimum",
        "The probability peaks at the minimum",
        "dynamics",
        "paper",
        "minimum of the loss along a mode minus the mean position",
        peak_at_minimum,
        about=followed,
        cases=once,
        unit="standard deviations",
    ),
    Claim(
        "local_law_isotropic",
        "Near the minimum the law is isotropic, as noise is proportional to the Hessian",
        "dynamics",
        "paper",
        "exponents of variance and noise in the curvature, at small steps",
        locally_isotropic,
        about=followed,
        cases=once,
        noise=over_modes,
        remark=isotropy_remark,
        unit="",
    ),
]
