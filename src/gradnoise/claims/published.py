"""The published claims: their wording, and which measurement decides each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from gradnoise.claims import clt, gaussianity, tails
from gradnoise.claims.evidence import Evidence
from gradnoise.claims.verdicts import Component, Verdict, any_beyond, every

Cases = Literal["conventions", "batches", "once"]


Measure = Callable[[Evidence, int, str], list[list[Component]]]


Rule = Callable[[Sequence[Component]], tuple[Verdict, Component]]


@dataclass(frozen=True)
class Claim:
    """One published claim.

    Attributes:
        name: short, unique.
        statement: in the words of the page.
        origin: "paper" or "gradnoise".
        measure: see `measurements`; None for a claim on trajectories, which `langevin_claims` decides.
        measured_in: unit of what is measured, empty for pure numbers.
        all_epochs: whether the claim is about training, not only the last measured epoch.
        over_repeats: whether the interval is over repeats, however many seeds there are.
        cases: what the verdict has to agree on: every number of batches in both conventions for constant
            coordinates, every number of batches, or one number that depends on neither.
        rule: every component holds, or (for a claim that something differs) some lies outside.
    """

    name: str
    statement: str
    origin: str
    measure: Measure | None = None
    rule: Rule = every
    all_epochs: bool = False
    over_repeats: bool = False
    cases: Cases = "conventions"
    measured_in: str = "points"


CLAIMS = [
    Claim(
        "rises_with_batch_size",
        "Gaussianity rises with the batch size in every layer",
        "paper",
        gaussianity.rises_with_batch_size,
    ),
    Claim(
        "first_convolution_leads",
        "The first convolution is the most Gaussian at every batch size",
        "paper",
        gaussianity.first_convolution_leads,
    ),
    Claim(
        "alexnet_fourth_convolution",
        "AlexNet's fourth convolution is near zero at the smallest batch and rises steeply",
        "paper",
        gaussianity.fourth_convolution_of_alexnet,
    ),
    Claim(
        "resnet56_above_85",
        "ResNet-56 is above 85 % even at the smallest batch",
        "paper",
        gaussianity.resnet56_above_85,
    ),
    Claim(
        "resnet56_block_3_least",
        "ResNet-56's block 3 is its least Gaussian at the smallest batch",
        "paper",
        gaussianity.resnet56_block_3_least,
    ),
    Claim(
        "batch_norm_keeps_gaussianity",
        "Without BatchNorm AlexNet's convolutions 3 and 4 lose Gaussianity in training; with it they keep it",
        "paper",
        all_epochs=True,
    ),
    Claim(
        "resnet20_steady",
        "ResNet-20 stays steady over epochs",
        "paper",
        gaussianity.resnet20_steady,
        all_epochs=True,
    ),
    Claim(
        "small_deviation",
        "The percentages deviate very little over five repeats",
        "paper",
        gaussianity.small_deviation,
        over_repeats=True,
    ),
    Claim(
        "finite_variance",
        "Mini-batch noise has zero mean, the logit gradient is bounded by 1, variance is finite",
        "paper",
        tails.finite_fourth_moments,
        cases="once",
        measured_in="",
    ),
    Claim(
        "tail_index_to_two",
        "The tail index goes to 2 with the batch size",
        "paper",
        tails.tail_index_to_two,
        cases="once",
        measured_in="",
    ),
    Claim(
        "third_moment_orders_layers",
        "Layers with a larger third moment are less Gaussian",
        "paper",
        clt.third_moment_orders_layers,
        measured_in="",
    ),
    Claim(
        "alexnet_third_moments_wider",
        "AlexNet's third moments spread wider than ResNet's",
        "paper",
        measured_in="",
    ),
    Claim(
        "stationary_law_not_gibbs",
        "The stationary law is not Gibbs; detailed balance breaks exactly when noise and Hessian do not commute",
        "paper",
        measured_in="",
    ),
    Claim(
        "local_law_isotropic",
        "The probability peaks at the minimum; the local law is isotropic when noise is proportional to the Hessian",
        "paper",
        measured_in="",
    ),
    Claim(
        "variance_exactly_predicted",
        "The stationary variance is what the measured Hessian and noise predict, with no free parameter",
        "gradnoise",
        measured_in="",
    ),
    Claim(
        "central_limit_alone",
        "The finite-batch central limit theorem alone explains the pass rates",
        "gradnoise",
        clt.central_limit_alone,
        cases="batches",
    ),
    Claim(
        "power_of_the_test",
        "200 and 600 batches differ by the power of the test only",
        "gradnoise",
        clt.power_of_the_test,
        cases="once",
    ),
    Claim(
        "property_of_the_basis",
        "Gaussianity is a property of the basis: random directions differ from coordinates",
        "gradnoise",
        gaussianity.directions_differ,
        rule=any_beyond,
    ),
]
