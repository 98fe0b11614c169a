"""What earlier stages found of one layer: gradients and their moments."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.gaussianity.results import read_coordinates
from gradnoise.gradients.store import open_gradients
from gradnoise.moments.store import read_moments

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LayerInputs:
    """Moments and per-sample gradients of one layer.

    Attributes:
        gradients: (N, C) Zarr array or NumPy array, or None where they were not stored.
        moments: `moments.store.MOMENTS` by name, float64 (C,) each; empty where none exist.
        index: flat indices of the coordinates, (C,).
    """

    gradients: Any
    moments: Mapping[str, Floats]
    index: NDArray[np.int64]

    @property
    def shapes(self) -> dict[str, Floats]:
        """Standardised moments, NaN for constant coordinates: `rho`, `skewness`, `excess_kurtosis`."""
        variance = np.where(self.moments["variance"] > 0, self.moments["variance"], np.nan)
        return {
            "rho": self.moments["third_absolute"] / variance**1.5,
            "skewness": self.moments["third"] / variance**1.5,
            "excess_kurtosis": self.moments["fourth"] / variance**2 - 3,
        }


def read_inputs(
    gradients: Path, moments: Path, gaussianity: Path, parameter: str
) -> tuple[LayerInputs, dict[str, Any]]:
    """Open what earlier stages found of one parameter, and what they say of it."""
    found, about = read_moments(moments, parameter)
    index, attributes = read_coordinates(gaussianity)
    array, _ = open_gradients(gradients, parameter, index)
    samples = int(about["sample_count"])
    attributes |= {"moments": about["strategy"], "moments_reason": about.get("reason", "")}
    return LayerInputs(array, found, index), {**attributes, "sample_count": samples}
