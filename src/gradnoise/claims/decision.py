"""Claims: what was published, what was measured here, and the verdict that follows.

A 95 % interval wholly beyond the threshold supports a claim, one wholly on the other side contradicts it,
anything else leaves it undecided. Where a claim is about every layer, the intervals cover all of them at
once. A verdict has to be the same for every number of batches tested with, and whether constant
coordinates count as Gaussian (the paper's convention) or are left out; else the claim is undecided and all
cases are shown. Nothing here is typed in: claims that need stages which have not run say so.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradnoise.claims import gaussianity, tails
from gradnoise.claims.clt import third_moments_wider
from gradnoise.claims.evidence import CONVENTIONS, Evidence, NotTestableError
from gradnoise.claims.published import Cases, Claim, Rule
from gradnoise.claims.verdicts import NOT_TESTABLE, Component, Verdict, agree, any_beyond, every

log = logging.getLogger(__name__)


def decide(claim: Claim, runs: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Rows of the claims table for one claim: one per run that meets its conditions, else one that says why not."""
    if claim.name == "batch_norm_keeps_gaussianity":
        return _decide_batch_norm(claim, runs)
    if claim.name == "alexnet_third_moments_wider":
        return _decide_third_moments(claim, runs)
    measure = claim.measure
    assert measure is not None  # claims on trajectories go to `langevin_claims`
    rows, reasons = [], []
    for run in runs:
        try:
            measured = _cases(
                run, lambda *case, run=run: measure(run, *case), claim.rule, claim.cases
            )
        except NotTestableError as problem:
            reasons.append(str(problem))
            continue
        rows.append(_row(claim, run, measured, _remark(claim, run)))
    return rows or [_untestable(claim, "; ".join(dict.fromkeys(reasons)))]


def _cases(
    run: Evidence,
    measure: Callable[[int, str], list[list[Component]]],
    rule: Rule,
    kind: Cases = "conventions",
) -> dict[str, tuple[Verdict, Component]]:
    """Verdict and deciding component for every number of batches and convention, as far as they matter."""
    if not run.can_estimate:
        raise NotTestableError("needs two repeats or three training seeds for an interval")
    named = {"all": (run.counts[0], "")}
    if kind == "batches":
        named = {f"n = {batches}": (batches, "") for batches in run.counts}
    if kind == "conventions":
        named = {
            f"n = {batches}, {convention}": (batches, column)
            for batches in run.counts
            for convention, column in CONVENTIONS.items()
        }
    return {
        name: rule([part for family in measure(*case) for part in family])
        for name, case in named.items()
    }


def _row(
    claim: Claim, run: Evidence, cases: dict[str, tuple[Verdict, Component]], remark: str
) -> dict[str, Any]:
    verdict = agree(found for found, _ in cases.values())
    found = {case: result for case, (result, _) in cases.items()}
    agreed = set(found.values()) == {verdict}
    # The case nearest to another verdict speaks for all.
    speaking = [
        part
        for result, part in cases.values()
        if result == verdict or verdict not in found.values()
    ]
    weakest = min(speaking, key=lambda part: abs(part.margin))
    each = "; ".join(
        f"{case}: {result} ({part.label} {part.value:.2f} [{part.lower:.2f}, {part.upper:.2f}])"
        for case, (result, part) in cases.items()
    )
    if not agreed:
        remark = "; ".join(["the cases disagree", *filter(None, [remark])])
    return {
        **_head(claim),
        **run.scope(claim.all_epochs),
        **({"unit": "repeat"} if claim.over_repeats else {}),
        "verdict": verdict,
        "quantity": weakest.label,
        "measured": weakest.value,
        "lower": weakest.lower,
        "upper": weakest.upper,
        "threshold": weakest.outside if claim.rule is any_beyond else weakest.threshold,
        "reason": remark,
        "cases": each,
        "batches": " ".join(map(str, run.counts)),
        "measured_in": claim.measured_in,
    }


def _head(claim: Claim) -> dict[str, Any]:
    return {"claim": claim.name, "statement": claim.statement, "origin": claim.origin}


def _untestable(claim: Claim, reason: str) -> dict[str, Any]:
    return {**_head(claim), "verdict": NOT_TESTABLE, "reason": reason}


def _remark(claim: Claim, run: Evidence) -> str:
    """What the reader has to know besides the interval, computed from the run."""
    if claim.name == "rises_with_batch_size":
        means = run.last(run.counts[0], "percentage_testable").mean()
        at = [x for x in run.layers.index if means[x, run.sizes[0]] >= gaussianity.CEILING]
        return f"at the ceiling from the start: {', '.join(at)}" if at else ""
    if claim.name == "finite_variance":
        return tails.growth_remark(run)
    if claim.name == "small_deviation":
        effects = gaussianity.design_effects(run)
        return (
            f"variance over repeats is {effects.median():.1f} (median) to {effects.max():.0f} times that "
            "of independent coordinates"
        )
    return ""


def _decide_batch_norm(claim: Claim, runs: Sequence[Evidence]) -> list[dict[str, Any]]:
    """The claim that compares two runs: the same AlexNet without and with BatchNorm."""
    rate = {run.name: run.settings.get("training", {}).get("learning_rate") for run in runs}
    pairs = [
        (plain, normalised)
        for plain in runs
        for normalised in runs
        if plain.model == normalised.model
        and plain.model.startswith("alexnet")
        and normalised.batch_norm
        and not plain.batch_norm
        and rate[plain.name] == rate[normalised.name]
    ]
    rows, reasons = [], []
    for plain, normalised in pairs:
        try:
            cases = _cases(
                plain,
                lambda *case, plain=plain, normalised=normalised: (
                    gaussianity.loses_without_batch_norm(plain, normalised, *case)
                ),
                every,
            )
        except NotTestableError as problem:
            reasons.append(str(problem))
            continue
        rows.append(_row(claim, plain, cases, _batch_norm_remark(plain, normalised, runs)))
        rows[-1]["run"] = f"{plain.name}, {normalised.name}"
    reason = "; ".join(reasons) or "needs AlexNet without and with BatchNorm at one learning rate"
    return rows or [_untestable(claim, reason)]


def _decide_third_moments(claim: Claim, runs: Sequence[Evidence]) -> list[dict[str, Any]]:
    """The claim that compares AlexNet without and with BatchNorm with every residual network."""
    rows, reasons = [], []
    for wide in (run for run in runs if run.model.startswith("alexnet")):
        for narrow in (run for run in runs if run.model.startswith("resnet")):
            try:
                parts = third_moments_wider(wide, narrow)
            except NotTestableError as problem:
                reasons.append(str(problem))
                continue
            if np.isnan(parts[0].lower):
                reasons.append("needs three training seeds of both networks")
                continue
            rows.append(_row(claim, wide, {"all": every(parts)}, ""))
            rows[-1]["run"] = f"{wide.name}, {narrow.name}"
    reason = "; ".join(dict.fromkeys(reasons)) or "needs an AlexNet and a ResNet in one experiment"
    return rows or [_untestable(claim, reason)]


def _batch_norm_remark(plain: Evidence, normalised: Evidence, runs: Sequence[Evidence]) -> str:
    """Constant coordinates at the last epoch, and whether the small learning rate stands beside."""
    dead = []
    for run in (plain, normalised):
        rows = run.rows[(run.rows["epoch"] == run.epochs[-1])]
        rows = rows[rows["layer"].isin(["conv3", "conv4"])]
        dead.append(f"{100 * rows['share_dirac'].mean():.1f} % in {run.name}")
    control = any(
        run.model == plain.model
        and not run.batch_norm
        and np.isclose(run.settings.get("training", {}).get("learning_rate", np.nan), 0.01)
        for run in runs
    )
    beside = "with" if control else "without"
    return f"constant coordinates: {', '.join(dead)}; {beside} learning rate 0.01 as control"
