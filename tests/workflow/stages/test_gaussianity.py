"""How the noise is tested."""

import pytest

from example_config import edited, job
from stages import gaussianity


@pytest.mark.parametrize(
    ("batches", "expected"), [(600, [200, 600]), (300, [200, 300]), (60, [60])]
)
def test_where_fewer_batches_are_sampled_than_tested_all_are_tested(
    batches: int, expected: list[int]
) -> None:
    tested = job(config=edited("noise.batches", batches), parameter="conv1.weight")
    assert gaussianity.settings(tested)["batches"] == expected
