"""Per-sample gradients."""

import pytest

from example_config import edited, job
from stages import gradients


@pytest.mark.parametrize(
    ("key", "value"), [("repeats", 7), ("batches", 900), ("batch_sizes", [8, 64])]
)
def test_repeats_batches_and_sizes_are_no_concern_of_the_gradients(key: str, value: object) -> None:
    other = job(config=edited(f"noise.{key}", value))
    assert gradients.settings(other) == gradients.settings(job())
