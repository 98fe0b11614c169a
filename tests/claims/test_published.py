"""The list of claims."""

from example_claims import BY_NAME
from gradnoise.claims.published import CLAIMS, ORDER


def test_every_claim_stands_once_and_has_its_place():
    assert len(BY_NAME) == len(CLAIMS)
    assert [claim.name for claim in CLAIMS][: len(ORDER)] == list(ORDER)


def test_the_papers_claims_come_first():
    origins = [BY_NAME[name].origin for name in ORDER]
    assert origins == sorted(origins, key=["paper", "gradnoise"].index)


def test_statements_are_sentences_that_differ():
    statements = [claim.statement for claim in CLAIMS]
    assert len(set(statements)) == len(statements)
    assert not any(text[0].islower() or text.endswith(".") for text in statements)
