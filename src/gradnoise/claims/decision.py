"""How a claim becomes rows of the two tables.

`scheme.decision` makes a verdict of a claim's components, for each scope. The first case decides; under which of the
others the claim holds, fails or is open stands beside. Nothing here is typed in: claims that need stages which have not
run say so.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gradnoise.claims.claim import Claim, Subject
from gradnoise.claims.evidence import NotTestableError
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.scheme.component import (
    CONTRADICTED,
    NOT_TESTABLE,
    OPEN,
    SUPPORTED,
    Component,
    Verdict,
)
from gradnoise.claims.scheme.decision import Decision, Rule, some
from gradnoise.claims.scheme.power import what_would_decide
from gradnoise.tables.moderated.contrasts import Scope

# Of the deciding component, as they stand in both tables.
SHOWN = (
    *("lower", "upper", "least", "most"),
    *("standardised", "standardised_lower", "standardised_upper"),
)


class Rows(NamedTuple):
    """Of the two tables: one for each subject and scope, and one for each of its components."""

    claims: list[dict[str, Any]]
    components: list[dict[str, Any]]


def decide(claim: Claim, experiment: Experiment) -> Rows:
    """Verdicts on one claim: a row for every subject and scope.

    A subject that does not meet the conditions has one row without scope that says why, an experiment without any
    subject one row without run.
    """
    rows = Rows([], [])
    try:
        subjects = claim.about(experiment)
    except NotTestableError as problem:
        subjects = []
        rows.claims.append(_head(claim) | _untestable(str(problem)))
    for subject in subjects:
        head = _head(claim) | subject.described(claim.all_epochs)
        reasons: list[str] = []
        for scope in subject.scopes:
            try:
                found, parts = _decided(claim, subject, scope)
            except NotTestableError as problem:
                reasons.append(str(problem))
                continue
            rows.claims.append(head | found)
            key = {"claim": claim.name, "run": head["run"], "scope": scope}
            rows.components.extend(key | part for part in parts)
        if len(reasons) == len(subject.scopes):
            rows.claims.append(head | _untestable("; ".join(dict.fromkeys(reasons))))
    return rows


def _head(claim: Claim) -> dict[str, Any]:
    return {
        "claim": claim.name,
        "group": claim.group,
        "statement": claim.statement,
        "measured_quantity": claim.measured,
        "unit": claim.unit,
        "origin": claim.origin,
    }


def _untestable(reason: str) -> dict[str, Any]:
    return {"verdict": NOT_TESTABLE, "reason": reason}


def _decided(
    claim: Claim, subject: Subject, scope: Scope
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A row of claims, without its head, and its components."""
    (_, first), *others = claim.cases(subject).items()
    components = claim.measure(subject, scope, *first)
    decision = claim.rule(components)
    parts = [
        _described(part, found, place == decision.worst, claim.rule)
        for place, (part, found) in enumerate(zip(components, decision.verdicts, strict=True))
    ]
    worst = parts[decision.worst]
    noise = claim.noise(subject, scope)
    more = noise if decision.verdict == OPEN else None
    row = {
        "scope": scope,
        "verdict": decision.verdict,
        "quantity": worst["component"],
        "measured": worst["value"],
        "threshold": _threshold(components[decision.worst], claim.rule),
        **{name: worst[name] for name in SHOWN},
        **_robustness(claim, subject, scope, dict(others)),
        "would_decide": what_would_decide(components, claim.rule, more) if more else "",
        "decides_key": more.key if more else "",
        "reason": claim.remark(subject),
        "unit_of_noise": noise.unit if noise else "",
    }
    return row, parts


def _described(part: Component, found: Verdict, worst: bool, rule: Rule) -> dict[str, Any]:
    """A component as its table has it; standardised numbers above 0 speak for the claim."""
    lower, upper = part.interval
    value, low, high = part.standardised
    differs = rule is some
    return {
        "component": part.label,
        "value": part.value,
        "error": part.error,
        "degrees": part.degrees,
        "lower": lower,
        "upper": upper,
        "least": part.least,
        "most": part.most,
        "standardised": -value if differs else value,
        "standardised_lower": -high if differs else low,
        "standardised_upper": -low if differs else high,
        "verdict": found,
        "worst": worst,
    }


def _threshold(part: Component, rule: Rule) -> str:
    return part.complement if rule is some else part.threshold


def _robustness(
    claim: Claim, subject: Subject, scope: Scope, cases: Mapping[str, tuple[Any, ...]]
) -> dict[str, str]:
    """Under which other cases the claim holds, fails or is open; those that cannot be measured are left out."""
    columns = {SUPPORTED: "holds_under", CONTRADICTED: "fails_under", OPEN: "open_under"}
    found: dict[str, list[str]] = {name: [] for name in columns.values()}
    for name, case in cases.items():
        try:
            decision: Decision = claim.rule(claim.measure(subject, scope, *case))
        except NotTestableError:
            continue
        found[columns[decision.verdict]].append(name)
    return {column: "; ".join(names) for column, names in found.items()}
