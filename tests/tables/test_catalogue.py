"""Which tables there are."""

import h5py
import pandas as pd
import pytest

from gradnoise.clt.columns import NUMBERS
from gradnoise.errors import InputError
from gradnoise.store.paths import STUDY_STAGES
from gradnoise.tables.catalogue import (
    LANGEVIN,
    SUMMARIES,
    not_repeated,
    percentages,
    read,
    shares,
    summaries,
    weights,
)


def test_missing_tables_are_named(tmp_path):
    with pytest.raises(InputError, match="did not find"):
        read(tmp_path)


def test_percentages_are_the_columns_with_an_interval():
    names = ["percentage_x", "percentage_x_lower", "percentage_y", "share_z", "size"]
    table = pd.DataFrame(columns=names)
    assert percentages(table) == ["percentage_x"]
    assert shares(table) == ["share_z"]


def test_what_a_control_run_shares_is_not_repeated():
    columns = ["run", "seed", "epoch", "layer", "batch_size", "bound"]
    rows = [
        ("control", 1, 4, "conv1", 16, 0.5),  # the control may stand first
        ("control", 1, 4, "conv1", 32, 0.4),  # a batch size of its own
        ("control", 1, 4, "conv2", 16, float("nan")),
        ("cnn", 1, 4, "conv1", 16, 0.5),
        ("cnn", 1, 4, "conv2", 16, float("nan")),
        ("cnn", 2, 4, "conv1", 16, 0.5),
        ("control", 2, 4, "conv1", 16, 0.51),  # measured anew
        ("other", 1, 4, "conv1", 16, 0.5),  # its own networks, as it happens with the same number
    ]
    table = pd.DataFrame(rows, columns=columns)
    trained_by = {"cnn": "cnn", "control": "cnn", "other": "other"}
    found = not_repeated(table, trained_by)
    expected = table.loc[[1, 3, 4, 5, 6, 7]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)
    assert not_repeated(table[:0], trained_by).empty


def test_weights_stand_for_layers_and_where_there_are_none_a_layers_first_parameter():
    table = pd.DataFrame(
        {
            "run": ["a"] * 4 + ["b"] * 4,
            "layer": ["0", "0", "1", "network", "0", "0", "1", "network"],
            "parameter": ["0.w", "0.b", "1.b", "network", "0.w", "0.b", "1.b", "network"],
            "kind": ["weight", "bias", "bias", "network", "norm", "norm", "bias", "network"],
        }
    )
    assert list(weights(table).index) == [0, 4, 6]
    assert list(weights(table[4:].drop(columns="run")).index) == [4, 6]


# Every table: the stage whose files hold it, the dataset there, and what its rows are in the order of.
PLACES = {
    "repeatability": ("rejection", "repeatability", ["batch_size", "batches"]),
    "clt": ("clt", "summary", ["batch_size"]),
    "correlations": ("rejection", "correlations", ["batch_size", "batches"]),
    "prediction": ("rejection", "prediction", ["batch_size", "batches", "repeat"]),
    "prediction_same_samples": ("rejection", "prediction_same_samples", ["batch_size", "batches", "repeat"]),
    "calibration_of_prediction": ("rejection", "calibration_of_prediction", ["batches", "bin"]),
    "tails": ("rejection", "tails", ["method", "batch_size", "repeat"]),
    "norms": ("tails", "norms", ["batch_size", "repeat"]),
    "rejected_tails": ("rejection", "rejected_tails", ["method", "batch_size", "repeat"]),
    "largest_batch": ("rejection", "largest_batch", ["repeat"]),
    "growth": ("tails", "growth", []),
    "influence": ("tails", "influence", ["batch_size"]),
    "influence_classes": ("tails", "influence_classes", ["label"]),
}  # fmt: skip


def place_of(folder, seed, epoch, stage, layer):
    """File and group of a layer: of some stages all layers of a checkpoint share a file."""
    at = folder / f"r/seed-{seed}/epoch-{epoch}"
    if stage == "rejection":
        return at / "rejection.h5", f"{layer}.weight"
    return at / f"{stage}/{layer}.weight.h5", "/"


def write_numbered(folder):
    """Files of two seeds, two epochs and two layers of which no two numbers agree; rows stand in no order."""
    number = iter(range(10**6))
    for seed in (2, 1):
        for epoch in (0, 3):
            for place, layer in enumerate(("conv1", "linear1")):
                about = {"layer": layer, "operation": f"{layer}s", "kind": "weight", "block": 5 + place,
                         "index": 7 + place, "size": 100 * (1 + place)}  # fmt: skip
                for stage in ("rejection", "clt", "tails"):
                    path, group = place_of(folder, seed, epoch, stage, layer)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with h5py.File(path, "a") as whole:
                        file = whole.require_group(group)
                        file.attrs.update(about)
                        if stage == "clt":
                            file.attrs.update({one.name: float(next(number)) for one in NUMBERS})
                        for table, member, by in PLACES.values():
                            if table == stage:
                                keys = [b"b", b"a"] if "method" in by else [9, 4]
                                rows = [
                                    {name: key if name == by[0] else 3 for name in by}
                                    | {
                                        "value": float(next(number)),
                                        f"of_{member}": float(next(number)),
                                    }
                                    for key in keys
                                ]
                                frame = pd.DataFrame(rows)
                                kinds = {"method": "S3"} if "method" in by else {}
                                file[member] = frame.to_records(index=False, column_dtypes=kinds)


def test_every_table_has_its_files_numbers_in_its_order(tmp_path):
    write_numbered(tmp_path)
    about = {"seeds": [1, 2], "epochs": [0, 3], "parameters": ["conv1.weight", "linear1.weight"]}
    found = summaries(tmp_path, {"r": about}, {"r": "r"})
    assert set(found) == {*PLACES, "layers"}
    places = [(seed, epoch, layer) for seed in (1, 2) for epoch in (0, 3) for layer in ("conv1", "linear1")]  # fmt: skip
    for name, (stage, member, by) in PLACES.items():
        expected = []
        for seed, epoch, layer in places:
            path, group = place_of(tmp_path, seed, epoch, stage, layer)
            with h5py.File(path) as file:
                rows = pd.DataFrame(file[group][member][:])
            expected.append(rows.sort_values(by) if by else rows)
        table = pd.concat(expected)
        assert found[name]["value"].tolist() == table["value"].tolist(), name
        assert found[name][f"of_{member}"].tolist() == table[f"of_{member}"].tolist(), name
        keys = found[name].drop_duplicates(["seed", "epoch", "layer"])
        assert list(keys[["seed", "epoch", "layer"]].itertuples(index=False, name=None)) == places
    layers = found["layers"]
    for row, (seed, epoch, layer) in zip(layers.to_dict("records"), places, strict=True):
        with h5py.File(tmp_path / f"r/seed-{seed}/epoch-{epoch}/clt/{layer}.weight.h5") as file:
            assert {one.name: row[one.name] for one in NUMBERS} == {one.name: file.attrs[one.name] for one in NUMBERS}  # fmt: skip
        assert (row["run"], row["seed"], row["epoch"], row["layer"]) == ("r", seed, epoch, layer)
        place = ("conv1", "linear1").index(layer)
        assert (row["parameter"], row["operation"]) == (f"{layer}.weight", f"{layer}s")
        assert (row["block"], row["index"], row["size"]) == (
            5 + place,
            7 + place,
            100 * (1 + place),
        )


def test_tables_of_stages_of_the_whole_experiment_are_read_by_their_names(tmp_path):
    names = ("gaussianity", "gaussianity_repeats", "training", *SUMMARIES, *LANGEVIN)
    for place, name in enumerate((*names, "balance_laws", "geometry_x", "cnn-epoch-3-n-200")):
        (tmp_path / f"{name}.csv").write_text(f"run,layer,value\nNA,0,{place}\n,1,\n")
    found = read(tmp_path)
    studies = [f"{stage}_{name}" for stage, name in (("balance", "laws"), ("geometry", "x")) if stage in STUDY_STAGES]  # fmt: skip
    assert set(found) == {*names, *studies}
    for place, name in enumerate(names):
        assert found[name]["value"].iloc[0] == place
    assert found["tails"]["run"].tolist() == ["NA", ""]
    assert found["tails"]["layer"].tolist() == ["0", "1"]
    assert found["tails"]["value"].isna().tolist() == [False, True]
