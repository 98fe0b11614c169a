"""An experiment's results as the report reads them, and the report itself."""

import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from PIL import Image

from example_results import CNN, call, write_run, write_tables
from example_trajectories import SETTINGS, recorded
from gradnoise.langevin.analysis import analyse
from gradnoise.langevin.results import write

CAPTIONS = [
    {"name": "percentage_by_batch_size", "title": "Over batch sizes", "caption": "It rises."},
    {"name": "training_curves", "title": "Over epochs", "caption": "It falls."},
    {"name": "relaxation", "title": "Relaxation", "caption": "It forgets."},
    {"name": "coordinates", "title": "Single coordinates", "caption": "They differ."},
]


def write_calibration(path: Path, passed: bool) -> None:
    rows = [
        ("Gaussian noise passes at the ceiling", "gaussian", 64, 200, 95.1, 95.0, 1.5, True),
        ("heavy tails are rejected", "student_t_1.5", 16, 200, 40.0, 0.0, 1.0, passed),
    ]
    columns = ["check", "distribution", "batch_size", "n", "measured_percentage"]
    columns += ["expected_percentage", "tolerance", "passed"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)


def write_control(path: Path) -> None:
    rows = [
        (law, source, draws, size, alpha, 1.99, growth, 0.01, variance, fourth, "right")
        for law, alpha, growth, variance, fourth in (
            ("gaussian", 1.98, 0.02, "finite", "finite"),
            ("t(1.5)", 1.44, 0.97, "infinite", "infinite"),
        )
        for source in ("inputs", "labels")
        for draws in ("fresh", "resampled")
        for size in (16, 256)
    ]
    columns = ["distribution", "source", "draws", "batch_size", "alpha_ecf", "null_ecf"]
    columns += ["growth_exponent", "growth_error", "called_variance", "called_fourth", "verdict"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)


def write_experiment(folder: Path) -> None:
    """Everything that the report reads, and the report: a run, and one of its networks measured again."""
    options = {"batch_sizes": (16, 1024), "repeats": 5}
    trained = write_run(folder, "cnn", CNN, epochs=(0, 2), **options)
    shuffled = write_run(folder, "cnn_shuffled", CNN, seeds=(0,), epochs=(2,), **options)
    followed = recorded(steps=1000)
    found = analyse(followed, SETTINGS)
    write(folder / "cnn/seed-0/epoch-2/langevin/plain/model.h5", found, followed.attributes)
    tables = write_tables(folder, trained, (shuffled[0], []))
    write_calibration(folder / "calibration.csv", passed=True)
    write_control(folder / "control.csv")
    with h5py.File(folder / "data.h5", "w") as file:
        file.attrs.update(dataset="fashion_mnist_subset", checksum="c0ffee", source="embedded")
        file.attrs["treatment"] = "images from 0 to 1"
        file["train/targets"], file["test/targets"] = np.zeros(500, int), np.zeros(100, int)
    figures = []
    for name in ("cnn-percentage_by_batch_size", "cnn-training_curves", "cnn_shuffled-coordinates"):
        figures.append(folder / f"{name}.png")
        Image.new("RGB", (600, 200), "white").save(figures[-1])
    run = {
        "model": {"name": "cnn"},
        "data": {"dataset": "fashion_mnist_subset"},
        "training": {"epochs": 2, "learning_rate": 0.05},
        "noise": {"sampling": "with_replacement"},
        "gaussianity": {"significance": 0.05},
    }
    strict = {"noise": {"sampling": "epoch_shuffle"}, "gaussianity": {"significance": 0.01}}
    settings = {
        "runs": {"cnn": run, "cnn_shuffled": run | strict},
        "trained_by": {"cnn": "cnn", "cnn_shuffled": "cnn"},
        "config": {"runs": ["cnn", "cnn_shuffled"], "output": "results"},
        "sections": ["output", "runs"],
        "figures": CAPTIONS,
        "data_files": {"cnn": "data.h5", "cnn_shuffled": "data.h5"},
        "command": "snakemake --cores all",
        "stale": ["old/", "figures/old-*.*"],
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    text = json.dumps({name: settings[name] for name in ("runs", "trained_by")})
    outputs = ("--output", folder / "claims.csv", "--components", folder / "claim_components.csv")
    call("claims", "--settings", text, "--tables", tables, *outputs)
    write_report(folder, folder / "report.html")


def write_report(folder: Path, output: Path) -> None:
    call(
        "report",
        *("--settings", (folder / "settings.json").read_text(), "--tables", folder / "tables"),
        *("--claims", folder / "claims.csv", "--components", folder / "claim_components.csv"),
        *("--calibration", folder / "calibration.csv", "--control", folder / "control.csv"),
        *("--data", folder / "data.h5", "--figures", *sorted(folder.glob("*.png"))),
        *("--output", output, "--card", output.with_name("noise_card.json")),
    )
