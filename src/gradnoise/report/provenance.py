"""Where results come from: data, versions and settings, as the page and the card state them."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from gradnoise.store.versions import versions

PACKAGES = (
    *("gradnoise", "torch", "torchvision", "numpy", "scipy", "numba", "zarr", "h5py"),
    *("pandas", "matplotlib", "snakemake"),
)


def software() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    return versions(PACKAGES)


def configuration(config: Mapping[str, Any], order: Sequence[str]) -> str:
    """The config as YAML, its sections in the given order."""
    ordered = {key: config[key] for key in order if key in config}
    return str(yaml.safe_dump(ordered | dict(config), sort_keys=False, allow_unicode=True))
