"""What the page says of the related studies."""

import pandas as pd

from gradnoise.report.related import findings

COLUMNS = ["claim", "group", "verdict", "quantity", "measured", "lower", "upper", "threshold"]


def claims(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def test_nothing_is_said_without_a_study():
    other = ("rises_with_batch_size", "gradient noise", "supported", "x", 1.0, 0.5, 1.5, "> 0")
    missing = ("sgld", "related", "not testable here", "", None, None, None, "")
    assert findings(claims(other, missing)) == {"answer": "", "studies": []}


def test_the_first_sentence_counts_and_every_study_has_its_deciding_number():
    found = findings(
        claims(
            ("sgld", "related", "supported", "variance", 1.0123, 0.98, 1.05, "between 0.9 and 1.1"),
            ("implicit_sgd", "related", "supported", "v", 1.0, 1.0, 1.0, "< 2"),
            ("settled_loss", "related", "open", "distance", -0.0412, -0.06, 0.01, "< 0"),
            ("leaky_relu_rank", "related", "contradicted", "rank", 3.0, 2.9, 3.1, "< 2"),
        )
    )
    assert found["answer"] == (
        "Of the statements of 4 neighbouring studies, 2 hold as published, 1 do not, 1 stay open."
    )
    first, second, third, _ = found["studies"]
    assert first["found"] == "variance: 1.01 [0.98, 1.05], claimed between 0.9 and 1.1"
    assert second["found"] == "v: 1, claimed < 2"
    assert third["found"] == "distance: −0.0412 [−0.06, 0.01], claimed < 0"
    assert first["question"].endswith("?")
    assert first["source"]
    assert [one["verdict"] for one in found["studies"]] == [
        *("supported", "supported", "open", "contradicted"),
    ]
