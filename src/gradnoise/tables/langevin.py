"""What the langevin stage wrote, as two tables: a row per direction, and a row per subspace.

Files are named `{results}/{run}/seed-{s}/epoch-{e}/langevin/{variant}/{subspace}.h5`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from gradnoise.errors import InputError

KEY = ["run", "seed", "epoch", "variant", "subspace"]


DYNAMICS = [
    *("learning_rate", "momentum", "nesterov", "weight_decay", "batch_size", "sampling"),
    *("burn_in", "steps", "replicas", "converged"),
]


NUMBERS = [
    *("commutator", "isotropy_ratio", "largest_step"),
    *("noise_exponent", "noise_exponent_error"),
    *("variance_exponent", "variance_exponent_error"),
    *("predicted_variance_exponent", "predicted_variance_exponent_error"),
    *("entropy_production", "entropy_production_error"),
    *("predicted_entropy_production", "null_entropy_production"),
    *("diffusion_exponent", "diffusion_exponent_error", "last_diffusion_exponent"),
    *("flatness_exponent", "flatness_exponent_error", "first_share", "random_walk_share"),
    *("batch_sharpness", "batch_sharpness_error", "stability_limit"),
    *("vector_asymmetry", "vector_asymmetry_pvalue", "peak_distance"),
]


def langevin_files(results: Path, measured: Mapping[str, Mapping[str, Any]]) -> Iterator[Path]:
    """Paths of all results of the langevin stage.

    Args:
        results: folder of all results.
        measured: run -> its `followed` seeds, `last_epoch`, `variants` and `subspaces`.
    """
    for run, what in measured.items():
        for seed in what["followed"]:
            folder = results / run / f"seed-{seed}" / f"epoch-{what['last_epoch']}" / "langevin"
            for variant in what["variants"]:
                yield from (folder / variant / f"{name}.h5" for name in what["subspaces"])


def read(results: Path, measured: Mapping[str, Mapping[str, Any]]) -> dict[str, pd.DataFrame]:
    """The tables `langevin`, a row per direction, and `langevin_subspaces`.

    Raises:
        InputError: names a file that is missing or damaged.
    """
    directions, subspaces = [], []
    for path in langevin_files(results, measured):
        rows, numbers = _read(path)
        directions.append(rows)
        subspaces.append(numbers)
    return {
        "langevin": pd.concat(directions, ignore_index=True) if directions else _empty("direction"),
        "langevin_subspaces": pd.DataFrame(subspaces) if subspaces else _empty(*NUMBERS),
    }


def _empty(*columns: str) -> pd.DataFrame:
    return pd.DataFrame(columns=[*KEY, *DYNAMICS, *columns])


def _read(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    run, seed, epoch, _, variant, _ = path.parts[-6:]
    key: dict[str, Any] = {
        "run": run,
        "seed": int(seed.removeprefix("seed-")),
        "epoch": int(epoch.removeprefix("epoch-")),
        "variant": variant,
        "subspace": path.stem,
    }
    try:
        with h5py.File(path) as file:
            stored: Any = file["directions"]
            rows = pd.DataFrame(stored[...])
            key |= {name: file.attrs[name] for name in DYNAMICS}
            numbers = {name: float(file.attrs.get(name, np.nan)) for name in NUMBERS}
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: expected a complete langevin file, found {error}") from None
    rows["kind"] = rows["kind"].str.decode("utf-8")
    return pd.DataFrame({**key, **rows}), {**key, **numbers}
