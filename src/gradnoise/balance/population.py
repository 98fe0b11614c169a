"""The data of one dimension whose laws are known: y = slope x + noise."""

from typing import Literal, get_args

# ±1 with equal odds, or standard normal.
Law = Literal["rademacher", "gaussian"]
LAWS: tuple[Law, ...] = get_args(Law)


def input_variance(inputs: Law) -> float:
    """a, the variance of x^2: a sample's gradient in v has variance C(v) = a (v - slope)^2 + s^2."""
    return 2.0 if inputs == "gaussian" else 0.0


def gradient_noise_at_zero(slope: float, label_noise: float, inputs: Law) -> float:
    """C(0), the variance of xy."""
    return input_variance(inputs) * slope**2 + label_noise**2


def check_law(name: str, law: str) -> None:
    """Refuse laws that are not on offer.

    Raises:
        ValueError: names the argument.
    """
    if law not in LAWS:
        raise ValueError(f"{name}: found {law!r}; accepted: {', '.join(LAWS)}")


def check_population(slope: float, label_noise: float, inputs: str, depth: int) -> None:
    """Refuse populations on which nothing is stationary.

    Raises:
        ValueError: for label noise that is not positive, a slope that is not finite, or 0 with hidden layers.
    """
    check_law("inputs", inputs)
    if not 0 < label_noise < float("inf"):
        raise ValueError(f"label_noise: found {label_noise:g}; it must be positive and finite")
    if not abs(slope) < float("inf"):
        raise ValueError(f"slope: found {slope:g}; it must be finite")
    if depth > 0 and slope == 0:
        raise ValueError(
            f"slope: found 0 at depth {depth}; v goes to 0 there, a slope other than 0 is needed (or depth 0)"
        )
