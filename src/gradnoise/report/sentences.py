"""What the page says in words, computed from the tables: the result in one sentence, and its limits."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from gradnoise.data.catalogue import DATA_SETS
from gradnoise.model.networks import NETWORKS, has_batch_norm
from gradnoise.tables.catalogue import weights as shown_weights
from gradnoise.tables.scope import unit, unsaid
from gradnoise.trajectory.names import NETWORK

NEAR = 3.0  # points by which a prediction may miss


def percent(row: pd.Series, name: str = "percentage_gaussian") -> str:
    """Like "81.2 % (79.0 to 83.4)": mean and 95 % interval, left out where there is none."""
    text = f"{row[name]:.1f} %"
    if pd.notna(row[f"{name}_lower"]):
        lower, upper = max(0.0, row[f"{name}_lower"]), min(100.0, row[f"{name}_upper"])
        text += f" ({lower:.1f} to {upper:.1f})"
    return text


def headline(
    gaussianity: pd.DataFrame,
    training: pd.DataFrame,
    sections: Mapping[str, Any],
    ceiling: float,
) -> str:
    """One sentence: how Gaussian the network's noise is at the smallest and the largest batch size.

    Args:
        gaussianity: aggregated rows of one run.
        training: rows of the training history of its networks.
        sections: the run's config sections.
        ceiling: percentage of exactly Gaussian coordinates that pass.
    """
    last = gaussianity["epoch"].max()
    rows = gaussianity[(gaussianity["epoch"] == last) & (gaussianity["kind"] == NETWORK)]
    rows = rows[rows["batches"] == rows["batches"].min()].sort_values("batch_size")
    small, large = rows.iloc[0], rows.iloc[-1]
    history = training[training["epoch"] == last]
    accuracy = history["test_accuracy"].mean() if "test_accuracy" in history else float("nan")
    reached = f" (test accuracy {100 * accuracy:.1f} %)" if pd.notna(accuracy) else ""
    count, repeated = (
        (small["n_seeds"], "training seeds")
        if small["unit"] == "seed"
        else (small["n_repeats"], "repeats of the draws")
    )
    over = f"95 % intervals over {count} {repeated}" if count > 1 else "one repeat: no interval"
    model = sections.get("model", {}).get("name", "the network")
    value = "percentage_testable"
    rise = f" and {percent(large, value)} at {large['batch_size']}" if len(rows) > 1 else ""
    constant = " and ".join(
        f"{100 * row['share_dirac']:.0f} %" for row in (small, large)[: len(rows)]
    )
    return (
        f"After {last} {'epoch' if last == 1 else 'epochs'} on {title(sections)}{reached}, the gradient noise of "
        f"{model} is Gaussian for {percent(small, value)} of its weights at batch size "
        f"{small['batch_size']}{rise}, leaving out the {constant} whose noise is constant (Shapiro-Wilk "
        f"test on {small['batches']} mini-batches, {over}); exactly Gaussian "
        f"noise would give {ceiling:g} %."
    )


def prediction(table: pd.DataFrame, run: str) -> str:
    """One sentence on the central limit theorem's prediction for a run, empty where there is none."""
    if "coordinates" not in table:
        return ""  # no run of the experiment has per-sample gradients
    rows = table[(table["run"] == run) & (table["coordinates"] > 0)]
    if rows.empty:
        return ""
    rows = rows[rows["epoch"] == rows["epoch"].max()]
    gaps = rows.assign(gap=rows["measured_percentage"] - rows["predicted_percentage"])
    networks = gaps.groupby(["parameter", "batch_size", "batches", "seed"])["gap"].mean()
    # The networks vary where there are several, else the repeats of the draws.
    several = rows["seed"].nunique() > 1
    units = networks if several else gaps.set_index(["parameter", "batch_size", "batches"])["gap"]
    cells = units.groupby(["parameter", "batch_size", "batches"])
    means = cells.mean().abs()
    within = float((means <= np.maximum(NEAR, 2 * cells.sem().fillna(0))).mean())
    return (
        "Skewness and kurtosis of the per-sample gradients and the batch size alone predict the pass rates of "
        f"other samples' batches to {means.mean():.1f} points (mean over {len(means)} cells of layer, batch size "
        f"and number of batches; {100 * within:.0f} % of them within {NEAR:g} points or two standard errors)."
    )


def title(sections: Mapping[str, Any]) -> str:
    """Name of a run's data set for the reader."""
    data = sections.get("data") or {}
    name = str(data.get("dataset", "the data"))
    if data.get("path") and name in ("image_folder", "arrays"):
        return str(data["path"]).rstrip("/").rsplit("/", 1)[-1]
    return DATA_SETS[name].title if name in DATA_SETS else name.replace("_", " ")


def limits(
    gaussianity: pd.DataFrame, seeds: int, data: Mapping[str, Any], sections: Mapping[str, Any]
) -> Iterator[str]:
    """What one run cannot say, from what it covers.

    Args:
        gaussianity: aggregated rows of the run.
        seeds: number of training seeds.
        data: `train_samples` of its data file.
        sections: the run's config sections.
    """
    model = str(sections.get("model", {}).get("name", "the network"))
    training, noise = sections.get("training", {}), sections.get("noise", {})
    weights = shown_weights(gaussianity)
    repeats = int(gaussianity["n_repeats"].min())
    few = unsaid(seeds, repeats, model)
    if unit(seeds) == "seed":
        yield (
            f"{seeds} training seeds: the intervals speak of {model} trained in this way on these data; "
            "with so few seeds they are wide."
        )
    if few:
        yield few[0].upper() + few[1:]
    samples = f" ({data['train_samples']:,} training samples)" if data.get("train_samples") else ""
    paper = "" if title(sections) == "CIFAR-10" else "; the paper's numbers are for CIFAR-10"
    yield f"One data set, {title(sections)}{samples}{paper}."
    if model not in NETWORKS or not NETWORKS[model].family:
        yield f"{model} is none of the paper's networks; claims on AlexNet or ResNet need theirs."
    epochs = sorted(weights["epoch"].unique())
    trained = training.get("epochs", epochs[-1])
    yield (
        f"Weights are frozen at {'epochs' if len(epochs) > 1 else 'epoch'} {', '.join(map(str, epochs))} of "
        f"{trained}: nothing is said of the noise at other epochs."
    )
    yield from _not_shown(gaussianity)
    yield from _measurement_limits(weights, noise, sections)


def _not_shown(gaussianity: pd.DataFrame) -> Iterator[str]:
    """Which sampled parameters figures, printed tables and claims leave out, and why."""
    shown = shown_weights(gaussianity)["parameter"]
    others = gaussianity[~gaussianity["parameter"].isin(shown) & (gaussianity["kind"] != NETWORK)]
    counts = others.drop_duplicates("parameter")["kind"].value_counts()
    words = {
        "bias": ("bias", "biases"),
        "norm": ("parameter of a normalisation", "parameters of normalisations"),
    }
    left_out = [
        f"{counts[kind]} {words[kind][int(counts[kind] > 1)]}" for kind in words if kind in counts
    ]
    if left_out:
        yield (
            f"{' and '.join(left_out)} {'were' if counts.sum() > 1 else 'was'} sampled and left out of figures, printed "
            "tables and claims, which compare weights alone; the tables of all layers and the row of the network "
            "have them."
        )


def _measurement_limits(
    weights: pd.DataFrame, noise: Mapping[str, Any], sections: Mapping[str, Any]
) -> Iterator[str]:
    layers = weights.drop_duplicates("parameter")
    sampled = layers[layers["coordinates"] < layers["size"]]
    if len(sampled):
        share = sampled["coordinates"] / sampled["size"]
        least = sampled.iloc[int(share.to_numpy().argmin())]
        yield (
            f"{len(sampled)} of {len(layers)} layers are judged from a random sample of their weights "
            f"(least: {least['coordinates']:.0f} of {least['size']:,} in {least['layer']})."
        )
    dead = weights[weights["epoch"] == weights["epoch"].max()]
    most = dead.sort_values("share_dirac").iloc[-1]
    if most["share_dirac"] > 0:
        yield (
            "Constant coordinates count as Gaussian in the paper's convention, used in figures and "
            f"tables: up to {100 * most['share_dirac']:.1f} % of a layer ({most['layer']}, batch size "
            f"{most['batch_size']}). Each claim says whether it holds with them left out."
        )
    counts = sorted(weights["batches"].unique())
    if len(counts) > 1:
        yield (
            f"Percentages at {' and '.join(map(str, counts))} batches differ by the power of the test alone where "
            "the noise is the same: with more batches it sees smaller departures from the Gaussian."
        )
    model = sections.get("model", {})
    if has_batch_norm(str(model.get("name")), model.get("arguments") or {}):
        mode = noise.get("batch_norm_mode", "eval")
        yield {
            "eval": "BatchNorm uses frozen statistics here; in training it uses those of the batch.",
            "train": "BatchNorm uses the batch's statistics, so the mean gradient differs between sizes.",
        }[mode]
    if noise.get("sampling") == "epoch_shuffle":
        yield "Batches of one epoch share no sample, so they are not independent of each other."
    else:
        yield "Batches are independent draws with replacement; training shuffles whole epochs."


NOT_MEASURED = (
    "No trajectory was recorded; claims on the dynamics of training are listed as not testable."
)
