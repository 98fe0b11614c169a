"""The list of claims."""

from example_claims import BY_NAME
from gradnoise.claims.claim import GROUPS
from gradnoise.claims.published import CLAIMS, ORDER


def test_every_claim_stands_once_and_in_the_order_of_the_page():
    assert len(BY_NAME) == len(CLAIMS)
    assert [claim.name for claim in CLAIMS if claim.name in ORDER] == list(ORDER)


def test_groups_stand_together_checks_of_code_last():
    groups = [claim.group for claim in CLAIMS]
    assert groups == sorted(groups, key=GROUPS.index)
    assert groups[-1] == GROUPS[-1] == "instrument"


def test_statements_are_sentences_that_differ():
    statements = [claim.statement for claim in CLAIMS]
    assert len(set(statements)) == len(statements)
    assert not any(text[0].islower() or text.endswith(".") for text in statements)
