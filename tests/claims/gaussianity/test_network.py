"""Claims on the whole network."""

from example_claims import evidence, rising, row


def test_a_percentage_that_the_text_has_lost_is_said_to_be_lost():
    found = row("network_at_large_batches", evidence(rising))
    assert found["verdict"] == "not testable here"
    assert "lost" in found["reason"]
    assert "run" not in found
