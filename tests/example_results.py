"""Results as the earlier stages leave them, with known percentages: what tables, figures, claims and the report read."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from gradnoise.gaussianity import repeatability
from gradnoise.gaussianity.columns import JUDGED_TABLES, put_summary
from gradnoise.gaussianity.normality import columns
from gradnoise.gaussianity.summary import dtype
from gradnoise.model.architectures import annotate
from gradnoise.store.paths import LAYER_STAGES
from gradnoise.store.results import put_table
from gradnoise.tails.columns import REJECTED_METHODS
from gradnoise.tails.stable.index import DEFAULT

CNN = [
    ("conv1", "convolution", 144, 0.3),
    ("conv2", "convolution", 4608, 1.0),
    ("conv3", "convolution", 9216, 2.2),
    ("linear1", "linear", 32768, 3.5),
    ("linear2", "linear", 640, 1.6),
]
ALEXNET = [
    ("conv1", "convolution", 23232, 0.2),
    ("conv2", "convolution", 307200, 1.0),
    ("conv3", "convolution", 663552, 2.4),
    ("conv4", "convolution", 884736, 4.5),
    ("conv5", "convolution", 589824, 2.0),
    ("linear1", "linear", 2560, 1.5),
]


def resnet(layers_per_block: int) -> list[tuple[str, str, int, float]]:
    names = [("conv1", "convolution", 432, 0.01)]
    for block, width in enumerate((16, 32, 64), start=1):
        for layer in range(1, layers_per_block + 1):
            before = width // 2 if block > 1 and layer == 1 else width
            difficulty = 0.02 * block + 0.012 * layer / layers_per_block
            names.append(
                (f"block{block}.layer{layer}", "convolution", 9 * before * width, difficulty)
            )
    return [*names, ("linear", "linear", 640, 0.09)]


Percentage = Callable[[str, int, int, int, int], float]


def realistic(layers: Sequence[tuple[str, str, int, float]]) -> Percentage:
    """Percentage of (layer, epoch, batch size, batches, seed): rises to the ceiling with the batch size."""
    difficulty = {name: value for name, _, _, value in layers}

    def percentage(layer: str, epoch: int, batch_size: int, batches: int, seed: int) -> float:
        trained = 0.35 + 0.65 * (1 - np.exp(-epoch / 2))
        wobble = 1 + 0.1 * np.sin(7 * seed + len(layer) * difficulty[layer])
        skew = difficulty[layer] * wobble * trained * batches / 200 * (64 / batch_size) ** 0.8
        return 95 * float(np.exp(-0.8 * skew))

    return percentage


def write_layer(
    path: Path,
    layer: tuple[str, str, int, float],
    percentage: Percentage,
    batch_sizes: Sequence[int],
    batches: Sequence[int],
    repeats: int,
    dead: float = 0.02,
    noise: float = 0.7,
    directions: float | None = None,
) -> None:
    name, operation, size, _ = layer
    seed, epoch = int(path.parts[-4].split("-")[1]), int(path.parts[-3].split("-")[1])
    random = np.random.default_rng([seed, epoch, len(name), size])
    cells = [(b, n, r) for b in batch_sizes for n in batches for r in range(1, repeats + 1)]
    rows = np.zeros(len(cells), dtype())
    for row, (batch_size, n, repeat) in zip(rows, cells, strict=True):
        pass_rate = percentage(name, epoch, batch_size, n, seed)
        testable = float(np.clip(pass_rate + noise * random.standard_normal(), 0, 100))
        spread = batch_size**0.5
        numbers = {
            **{"batch_size": batch_size, "batches": n, "repeat": repeat},
            # Whatever percentage a statistic adds is the testable one here.
            **{c.name: testable for c in columns() if c.kind == "percentage"},
            "percentage_gaussian": (1 - dead) * testable + 100 * dead,
            "percentage_live": min(100, testable * 1.01),
            "percentage_directions": min(95.0, testable + 10) if directions is None else directions,
            **{"share_dirac": dead, "share_sparse": 0.03, "share_live": 0.97 - dead},
            **{"pi0": testable / 95, "rejections_bh": int(5 * (95 - testable))},
            **{"skewness_mean": 0.01, "skewness_sd": 2 / spread},
            **{"excess_kurtosis_mean": 6 / batch_size, "excess_kurtosis_sd": 20 / batch_size},
            **{"kolmogorov_distance_mean": 0.3 / spread, "coordinates": min(size, 2000)},
        }
        for column, value in numbers.items():
            row[column] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.attrs.update(
            parameter=f"{name}.weight",
            layer=name,
            operation=operation,
            kind="weight",
            size=size,
            seed=seed,
            epoch=epoch,
            sampling="with_replacement",
            run=path.parts[-5],
        )
        file["batch_sizes"] = np.asarray(batch_sizes)
        file["batches"] = np.asarray(batches)
        file["repeats"] = np.arange(1, repeats + 1)
        write_examples(file, random, batch_sizes, max(batches))
        attributes = dict(file.attrs)
    with judged(path) as group:
        group.attrs.update(attributes)
        put_summary(group, "gaussianity", rows)
        again = repeatable(batch_sizes, batches)
        put_table(group, "repeatability", JUDGED_TABLES["repeatability"], again)


@contextmanager
def judged(path: Path) -> Iterator[h5py.Group]:
    """The group of a layer, whose file in one of LAYER_STAGES this is, in the file of its checkpoint."""
    with h5py.File(path.parents[1] / "rejection.h5", "a") as file:
        names = json.loads(file.attrs.get("parameters", "[]"))
        file.attrs["parameters"] = json.dumps(list(dict.fromkeys([*names, path.stem])))
        yield file.require_group(path.stem)


def repeatable(batch_sizes: Sequence[int], batches: Sequence[int]) -> np.ndarray:
    """Coordinates whose passing varies over repeats by a twentieth."""
    cells = [(size, n) for size in batch_sizes for n in batches]
    rows = np.zeros(len(cells), repeatability.dtype())
    for row, (size, n) in zip(rows, cells, strict=True):
        row["batch_size"], row["batches"] = size, n
    for name in rows.dtype.names[2:]:
        rows[name] = 0.05
    return rows


def write_clt(
    path: Path,
    layer: tuple[str, str, int, float],
    percentage: Percentage,
    batch_sizes: Sequence[int],
    batches: Sequence[int],
    repeats: int,
) -> None:
    """Moments, bounds and held-out predictions of a layer whose pass rates are predicted rightly."""
    name, operation, size, difficulty = layer
    seed, epoch = int(path.parts[-4].split("-")[1]), int(path.parts[-3].split("-")[1])
    random = np.random.default_rng([7, seed, epoch, size])
    rho = 1.6 + difficulty * random.gamma(2, size=40)
    sizes = np.array(batch_sizes)
    quantiles = ("q05", "q25", "q50", "q75", "q95")
    cells = [(b, n) for b in batch_sizes for n in batches]
    rates = {(b, n): percentage(name, epoch, b, n, seed) for b, n in cells}
    summary = {"batch_size": sizes}
    for place, quantile in enumerate(quantiles):
        summary[f"exact_over_bound_{quantile}"] = 0.1 + 0.02 * place + 0.1 / np.sqrt(sizes)
    for kind, scale in (("bound", 0.47), ("edgeworth", 0.02), ("exact", 0.06)):
        for place, quantile in enumerate(quantiles):
            level = np.percentile(rho, (5, 25, 50, 75, 95)[place])
            summary[f"{kind}_{quantile}"] = np.minimum(1, scale * level / np.sqrt(sizes))
    correlation = {"spearman_rho": -0.4, "partial_spearman_rho": -0.3 + 0.01 * seed}
    prediction = [
        {
            **{"batch_size": b, "batches": n, "repeat": r, "coordinates": 200, "spearman": 0.7},
            **{"predicted_percentage": rates[b, n], "share_sparse": 0.05, "share_lattice": 0.0},
            **{"measured_percentage": rates[b, n] + random.normal(0, 0.3), "share_dead": 0.1},
            **{"predicted_error": 0.4 + 0.01 * r, "measured_error": 0.3},
            **{"ratio": 1 + 0.003 * random.normal(), "ratio_error": 0.006},
            **{"testable": 216, "coverage": 200 / 216},
        }
        for b, n in cells
        for r in range(1, repeats + 1)
    ]
    bins = [
        {
            **{"batches": n, "bin": b, "count": 20 + b, "predicted_percentage": 10 * b + 5},
            "measured_percentage": 10 * b + 5 + random.normal(),
        }
        for n in batches
        for b in range(10)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.attrs.update(
            **{"parameter": f"{name}.weight", "layer": name, "operation": operation},
            **{
                "kind": "weight",
                "size": size,
                "seed": seed,
                "epoch": epoch,
                "sample_count": 10_000,
            },
            **{"noise_scale": 100.0 + epoch, "noise_scale_error": 5.0},
            **{"gaussian_batch_size": 500.0, "gaussian_batch_size_lower": 300.0},
            gaussian_batch_size_upper=np.inf,
        )
        for place, quantile in enumerate(quantiles):
            level = np.percentile(rho, (5, 25, 50, 75, 95)[place])
            file.attrs[f"rho_{quantile}"] = level
            file.attrs[f"root_kurtosis_{quantile}"] = 1.2 * level
            file.attrs[f"rho_over_root_kurtosis_{quantile}"] = 0.5 + 0.08 * place
        file.attrs["inequality_violations"] = 0
        file["coordinates/rho"], file["coordinates/index"] = rho, np.arange(40)
        file["summary"] = pd.DataFrame(summary).to_records(index=False)
    with judged(path) as group:
        for table, rows in {
            "correlations": pd.DataFrame(
                [{"batch_size": b, "batches": n, **correlation} for b, n in cells]
            ),
            "prediction": pd.DataFrame(prediction),
            "prediction_same_samples": pd.DataFrame(prediction),
            "calibration_of_prediction": pd.DataFrame(bins),
        }.items():
            group[table] = rows.to_records(index=False)


def write_tails(
    path: Path,
    layer: tuple[str, str, int, float],
    batch_sizes: Sequence[int],
    repeats: int,
    gap: float = 0.3,
) -> None:
    """Tail indices of a layer that go to 2 as 1 / sqrt(B), with histograms, examples and growth."""
    name, operation, size, difficulty = layer
    seed, epoch = int(path.parts[-4].split("-")[1]), int(path.parts[-3].split("-")[1])
    random = np.random.default_rng([9, seed, epoch, size])
    rows = [
        {
            **{
                "batch_size": b,
                "batches": 600,
                "repeat": r,
                "method": DEFAULT.encode(),
                "live": 240,
            },
            **{"alpha_mean": 1.99 - gap * difficulty / b**0.5, "null_mean": 1.99},
            "null_minus_mean": gap * difficulty / b**0.5 + 1e-4 * random.normal(),
            "null_minus_median": gap * difficulty / b**0.5,
        }
        for b in batch_sizes
        for r in range(1, repeats + 1)
    ]
    norms = [
        {"batch_size": b, "repeat": r, "pooled_mohammadi": 1.4}
        for b in batch_sizes
        for r in range(1, repeats + 1)
    ]
    growth = [
        {
            "samples": 10_000,
            "kurtosis_exponent": 0.04 + 0.002 * random.normal(),
            "kurtosis_error": 0.01,
            **{"dense_coordinates": 100, "dense_kurtosis_exponent": 0.02},
            "dense_kurtosis_error": 0.01,
            "variance_exponent": 0.03 + 0.002 * random.normal(),
            "variance_error": 0.01,
            "variance": b"finite",
            "fourth_moment": b"finite",
        }
    ]
    largest_batch = [
        {
            **{"batch_size": 10_000, "batches": 600, "repeat": r, "live": 240},
            **{"share_converged": 1.0, "alpha_mean": 1.988, "null_mean": 1.991},
            **{"null_error": 1e-4, "null_minus_mean": 0.003 + 1e-4 * random.normal()},
        }
        for r in range(1, repeats + 1)
    ]
    rejected = [
        {
            **{"batch_size": b, "batches": 600, "repeat": r, "method": method.encode()},
            **{"rejected": 60, "series": 40, "share_converged": 0.9 + 0.001 * r},
            **{"share_at_2": near - 0.3, "share_near_2": near, "null_series": 400},
            **{"null_share_at_2": 0.6, "null_share_near_2": 1.0, "null_share_converged": 1.0},
        }
        for method in REJECTED_METHODS
        for b in batch_sizes
        for r in range(1, repeats + 1)
        for near in [0.95 - gap * difficulty / b**0.5]
    ]
    influence = [{"batch_size": b, "third_share": 0.6, "fourth_share": 0.8} for b in batch_sizes]
    classes = [{"label": 0, "name": b"Bag", "share_top": 0.4}]
    described = {
        **{"parameter": f"{name}.weight", "layer": name, "operation": operation, "batches": 600},
        **{"kind": "weight", "size": size, "seed": seed, "epoch": epoch},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.attrs.update(described)
        put_records(
            file,
            {
                "norms": norms,
                "growth": growth,
                "influence": influence,
                "influence_classes": classes,
            },
        )
    with judged(path) as group:
        group.attrs.update(described)
        group["batch_sizes"], group["top"] = np.asarray(batch_sizes), np.arange(20)
        histograms = group.create_group(f"histograms/{DEFAULT}")
        histograms["edges"] = np.linspace(0.5, 2, 61)
        for kind in ("live", "rejected"):
            shape = len(batch_sizes), repeats, 60
            histograms[kind] = random.poisson(np.arange(60) / 10, shape)
            histograms[f"null{'_rejected' * (kind == 'rejected')}"] = np.arange(60)
        for method in REJECTED_METHODS:
            found = group.create_group(f"rejected_histograms/{method}")
            found["edges"] = np.linspace(0.5, 2, 61)
            found["counts"] = random.poisson(np.arange(60) / 20, (len(batch_sizes), repeats, 60))
            found["null"] = np.arange(60)
        put_records(
            group, {"tails": rows, "largest_batch": largest_batch, "rejected_tails": rejected}
        )
        roles = ["lowest", "rejected", "median", "highest", *["followed"] * len(batch_sizes)]
        shown = group.create_group("examples")
        shown["samples"] = random.standard_t(3, (len(roles), 100)).astype(np.float32)
        shown["role"] = np.array(roles, np.bytes_)
        shown["batch_size"] = [min(batch_sizes)] * 4 + list(batch_sizes)
        for name in ("alpha", "scale", "pvalue", "coordinate"):
            shown[name] = np.linspace(1, 2, len(roles))


def put_records(group: h5py.Group, tables: dict[str, list[dict[str, Any]]]) -> None:
    for table, entries in tables.items():
        frame = pd.DataFrame(entries)
        kinds = {c: "S9" for c in frame if isinstance(frame[c].iloc[0], bytes)}
        group[table] = frame.to_records(index=False, column_dtypes=kinds)


def write_examples(
    file: h5py.File, random: np.random.Generator, batch_sizes: Sequence[int], count: int
) -> None:
    samples, size = [], []
    for batch_size in (min(batch_sizes), max(batch_sizes)):
        scale = 1e-3 / batch_size**0.5
        spikes = np.where(random.random(count) < min(0.9, batch_size / 500), 1.0, 0.0)
        samples += [
            scale * random.gamma(batch_size / 4, size=count),
            scale * spikes * random.exponential(size=count),
            np.full(count, 2e-5),
        ]
        size += [batch_size] * 3
    group = file.create_group("examples")
    group["samples"] = np.array(samples, np.float32)
    group.attrs["role"] = ["typical", "worst", "dead"] * 2
    group.attrs["batch_size"] = size
    group.attrs["statistic"] = [0.99, 0.42, 1.0] * 2
    group.attrs["pvalue"] = [0.31, 2e-30, 1.0] * 2
    group.attrs["coordinate"] = [17, 4021, 12] * 2
    group.attrs["batches"] = count


def write_training(
    path: Path,
    epochs: int,
    layers: Sequence[tuple[str, str, int, float]],
    seed: int,
    best: float = 0.93,
) -> None:
    epoch = np.arange(epochs + 1)
    loss = 0.3 + 2.0 * np.exp(-epoch * 3 / epochs) + 0.01 * seed
    frame = pd.DataFrame({"epoch": epoch, "train_loss": loss})
    frame["train_accuracy"] = 0.1 + (best - 0.1) * (1 - np.exp(-epoch * 6 / epochs))
    frame["test_loss"] = loss + 0.1 * epoch / epochs
    frame["test_accuracy"] = frame["train_accuracy"] - 0.04 * epoch / epochs
    frame["learning_rate"] = np.where(epoch > 0.6 * epochs, 0.01, 0.1)
    frame["gradient_norm"] = 1 / (1 + epoch)
    frame["logit_gradient"] = 1 - 0.1 / (1 + epoch)
    for place, (name, *_) in enumerate(layers[:-1]):
        frame[f"dead_units_{name}"] = 0.01 * place * epoch / epochs
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)


def write_run(
    folder: Path,
    run: str,
    layers: Sequence[tuple[str, str, int, float]] = CNN,
    percentage: Percentage | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    epochs: Sequence[int] = (0, 1, 3),
    batch_sizes: Sequence[int] = (16, 64, 256, 1024),
    batches: Sequence[int] = (200, 600),
    repeats: int = 5,
    best: float = 0.93,
    **layer_options: float,
) -> tuple[list[Path], list[Path]]:
    """Write one run; returns its Gaussianity files in layer order, and its training files."""
    gaussianity, training = [], []
    modules = [(name, operation, {"weight": (size,)}) for name, operation, size, _ in layers]
    places = {each.layer: {"block": each.block, "index": each.index} for each in annotate(modules)}
    for seed in seeds:
        for epoch in epochs:
            for layer in layers:
                path = folder / f"{run}/seed-{seed}/epoch-{epoch}/gaussianity/{layer[0]}.weight.h5"
                write_layer(
                    path,
                    layer,
                    percentage or realistic(layers),
                    batch_sizes,
                    batches,
                    repeats,
                    **layer_options,
                )
                write_clt(
                    path.parents[1] / "clt" / path.name,
                    layer,
                    percentage or realistic(layers),
                    batch_sizes,
                    batches,
                    repeats,
                )
                write_tails(path.parents[1] / "tails" / path.name, layer, batch_sizes, repeats)
                for stage in LAYER_STAGES:
                    with h5py.File(path.parents[1] / stage / path.name, "a") as file:
                        file.attrs.update(places[layer[0]])
                with judged(path) as group:
                    group.attrs.update(places[layer[0]])
                gaussianity.append(path)
        training.append(folder / f"{run}/seed-{seed}/training.csv")
        write_training(training[-1], max(*epochs, 1), layers, seed, best)
    return gaussianity, training


def call(stage: str, *arguments: object) -> None:
    """Run `python -m gradnoise.{stage}` with these arguments inside this process."""
    saved, sys.argv = sys.argv, [stage, *map(str, arguments)]
    try:
        module = stage if stage.startswith("figures.") else f"{stage}.__main__"
        importlib.import_module(f"gradnoise.{module}").main()
    finally:
        sys.argv = saved


def followed(run: Path) -> dict[str, Any]:
    """Whose trajectories a run recorded, from the langevin stage's files in its folder."""
    parts = [path.relative_to(run).parts for path in sorted(run.rglob("langevin/*/*.h5"))]
    return {
        "followed": sorted({int(part[0].split("-")[1]) for part in parts}),
        "last_epoch": max((int(part[1].split("-")[1]) for part in parts), default=0),
        "variants": sorted({part[3] for part in parts}),
        "subspaces": sorted({part[4].removesuffix(".h5") for part in parts}),
    }


def measured(folder: Path, gaussianity: list[Path]) -> dict[str, dict[str, Any]]:
    """What was measured of one run, from the Gaussianity files that `write_run` returned."""
    parts = [path.relative_to(folder).parts for path in gaussianity]
    run = parts[0][0]
    found = {
        "seeds": list(dict.fromkeys(int(part[1].split("-")[1]) for part in parts)),
        "epochs": list(dict.fromkeys(int(part[2].split("-")[1]) for part in parts)),
        "parameters": list(dict.fromkeys(part[4].removesuffix(".h5") for part in parts)),
    }
    return {run: {**found, **followed(folder / run)}}


def write_tables(folder: Path, *runs: tuple[list[Path], list[Path]]) -> Path:
    """Run the tables stage on what `write_run` returned below `folder`; returns the folder of tables."""
    everything: dict[str, Any] = {}
    trained_by = {}
    for gaussianity, training in runs:
        everything |= (found := measured(folder, gaussianity))
        trained_by[next(iter(found))] = (
            training[0].parts[-3] if training else next(iter(everything))
        )
    settings = {"measured": everything, "trained_by": trained_by, "pieces": {}, "studies": []}
    files = ["--results", folder, "--output", folder / "tables"]
    call("tables", "--settings", json.dumps(settings), *files)
    return folder / "tables"
