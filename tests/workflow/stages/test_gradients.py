"""Per-sample gradients."""

import pytest

import sizes
from example_config import edited, job
from stages import gradients


@pytest.mark.parametrize(
    ("key", "value"), [("repeats", 7), ("batches", 900), ("batch_sizes", [8, 64])]
)
def test_repeats_batches_and_sizes_are_no_concern_of_the_gradients(key: str, value: object) -> None:
    other = job(config=edited(f"noise.{key}", value))
    assert gradients.settings(other) == gradients.settings(job())


def test_who_joins_parts_loads_torch_and_no_data() -> None:
    joining = job(config=edited("noise.shards", 3))
    assert gradients.resources(joining) == sizes.Resources(sizes.TORCH_MB, sizes.LEAST)
    one = gradients.resources(joining.parts[1])
    assert one.memory > sizes.TORCH_MB
    assert one.memory == gradients.resources(job()).memory
