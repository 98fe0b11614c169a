"""HDF5 files of results."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np


def put_attributes(file: Any, attributes: Mapping[str, Any]) -> None:
    """Write attributes of an HDF5 file; what is no number or text is written as JSON."""
    for name, value in attributes.items():
        plain = isinstance(value, str | int | float | np.number | np.bool_)
        file.attrs[name] = value if plain else json.dumps(value)
