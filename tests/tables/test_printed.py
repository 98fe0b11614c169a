"""Tables in the paper's form."""

import pandas as pd

from example_results import measured, resnet, write_run
from gradnoise.tables import gaussianity
from gradnoise.tables.layers import layer_files
from gradnoise.tables.printed import (
    latex,
    printed,
    printed_batch_sizes,
    representative,
    write_printed,
)


def test_printed_resnet_shows_layers_1_9_18_of_each_block(tmp_path):
    files, _ = write_run(
        tmp_path,
        "resnet56",
        resnet(18),
        seeds=(0,),
        epochs=(1,),
        batch_sizes=(64,),
        batches=(200,),
        repeats=2,
    )
    found = list(layer_files(tmp_path, measured(tmp_path, files), "rejection"))
    columns = gaussianity.read_columns(found)
    table = printed(gaussianity.aggregate(gaussianity.read_gaussianity(found, columns), columns))
    shown = [f"block{block}.layer{layer}" for block in (1, 2, 3) for layer in (1, 9, 18)]
    assert list(table["Layer"]) == ["conv1", *shown, "linear"]
    assert list(table["Weights"])[:3] == [432, 2304, 2304]


def test_of_blocks_of_several_kinds_each_kind_shows_its_first_middle_and_last():
    kinds = ["attention"] * 8 + ["linear"] * 2
    layers = pd.DataFrame({"run": "r", "block": 1, "operation": kinds, "kind": "weight"})
    layers["index"] = [*range(1, 9), 1, 2]
    biases = layers.assign(kind="bias")
    shown = representative(pd.concat([layers, biases], ignore_index=True))
    assert list(zip(shown["operation"], shown["index"], strict=True)) == [
        ("attention", 1),
        ("attention", 4),
        ("attention", 8),
        ("linear", 1),
        ("linear", 2),
    ]


def test_latex_table_to_the_letter():
    table = pd.DataFrame(
        {
            "Layer": ["my_layer", "conv2"],
            "Weights": [23232, 640],
            "64": ["91.80 ± 0.20", "90.10"],
            "128": ["93.00", "94.00"],
        }
    )
    assert (
        latex(table, "note")
        == r"""% note
\begin{tabular}{lrrr}
\toprule
\multicolumn{2}{c}{} & \multicolumn{2}{c}{Batch size} \\
\cmidrule(lr){3-4}
Layer & Weights & 64 & 128 \\
\midrule
my\_layer & 23{,}232 & 91.80 $\pm$ 0.20 & 93.00 \\
conv2 & 640 & 90.10 & 94.00 \\
\bottomrule
\end{tabular}
"""
    )


def test_batch_sizes_have_their_intervals(tmp_path):
    inf, nan = float("inf"), float("nan")
    numbers = [
        ("a", 1, 426.0, 390.0, 528.4),
        ("b", 1, 23163.0, 1334.0, inf),
        ("a", 2, inf, inf, inf),
        ("b", 2, nan, nan, nan),
    ]
    columns = ["layer", "seed", *(f"gaussian_batch_size{end}" for end in ("", "_lower", "_upper"))]
    layers = pd.DataFrame(numbers, columns=columns).assign(run="cnn", kind="weight", epoch=4)
    layers = layers.assign(parameter=layers["layer"], operation="linear", block=0, index=1)
    layers["size"] = [16, 640] * 2
    table = printed_batch_sizes(layers)
    assert table.columns.tolist() == ["Layer", "Weights", "seed 1", "seed 2"]
    assert table.loc[0].tolist() == ["a", 16, "426 [390, 528]", "> 65,536 [> 65,536, > 65,536]"]
    assert table.loc[1].tolist() == ["b", 640, "23,163 [1,334, > 65,536]", "none [none, none]"]
    earlier = layers.assign(epoch=0, gaussian_batch_size=7.0)
    without = layers.assign(run="plain", gaussian_batch_size=nan)
    nothing = pd.DataFrame(columns=["run", "epoch", "batches"])
    write_printed(nothing, pd.concat([earlier, layers, without], ignore_index=True), tmp_path)
    names = {f"cnn-gaussian-batch-size.{end}" for end in ("csv", "md", "tex")}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert "426 [390, 528]" in (tmp_path / "cnn-gaussian-batch-size.md").read_text()
    text = (tmp_path / "cnn-gaussian-batch-size.tex").read_text()
    assert r"\multicolumn{2}{c}{B*, 95 \% interval}" in text
    assert r"\cmidrule(lr){3-4}" in text
    assert "cnn, epoch 4" in text


def test_every_cell_is_the_papers_percentage_of_its_own_layer_and_size():
    rows = pd.DataFrame(
        [
            {
                **{"run": "r", "epoch": epoch, "batches": batches, "batch_size": size, "block": 0},
                **{"parameter": f"{layer}.p", "layer": layer, "size": weights, "kind": kind},
                **{"operation": layer, "index": 1, "n_repeats": 5, "n_seeds": 3},
                **{"percentage_gaussian": value, "percentage_gaussian_sd": value / 10},
                **{"percentage_testable": 1.0, "percentage_testable_sd": 2.0},
            }
            for epoch in (0, 4)
            for batches in (200, 600)
            for size in (64, 16)
            for layer, weights, kind in (("conv", 90, "weight"), ("network", 7000, "network"), ("b", 3, "bias"))
            for value in [10 + size / 4 + 30 * (layer == "conv") + epoch + batches / 1000]
        ]
    )  # fmt: skip
    one = rows[(rows["epoch"] == 4) & (rows["batches"] == 600)]
    once = one.assign(
        percentage_gaussian_sd=one["percentage_gaussian_sd"].mask(one["layer"] == "network")
    )
    assert printed(once).to_dict("list") == {
        "Layer": ["conv", "network"],
        "Weights": [90, 7000],
        "16": ["48.60 ± 4.86", "18.60"],
        "64": ["60.60 ± 6.06", "30.60"],
    }


def test_files_are_of_their_own_run_epoch_and_number_of_batches(tmp_path):
    rows = pd.DataFrame(
        [
            {
                **{"run": run, "epoch": epoch, "batches": batches, "batch_size": 8, "block": 0},
                **{"parameter": "p", "layer": "conv_1", "size": 1234, "kind": "weight", "index": 1},
                **{"operation": "linear", "n_repeats": repeats, "n_seeds": repeats + 10},
                **{"percentage_gaussian": value, "percentage_gaussian_sd": 0.5},
            }
            for value, (run, epoch, batches, repeats) in enumerate(
                ((run, epoch, batches, repeats) for run, repeats in (("a", 4), ("b", 6))
                 for epoch in (0, 3) for batches in (200, 600))
            )
        ]
    )  # fmt: skip
    write_printed(rows, pd.DataFrame({"gaussian_batch_size": [], "run": []}), tmp_path)
    for row in rows.to_dict("records"):
        stem = tmp_path / f"{row['run']}-epoch-{row['epoch']}-n-{row['batches']}"
        cell = f"{row['percentage_gaussian']:.2f} ± 0.50"
        assert pd.read_csv(f"{stem}.csv")["8"].tolist() == [cell]
        markdown, latex_text = (
            stem.with_name(f"{stem.name}.{end}").read_text() for end in ("md", "tex")
        )
        assert f"| conv_1  |      1234 | {cell} |" in markdown
        note = (
            f"Percentage of coordinates that pass the Shapiro-Wilk test on {row['batches']} batches, by batch size; "
            f"constant coordinates count as Gaussian; mean ± sd over {row['n_repeats']} repeats, pooled over "
            f"{row['n_seeds']} training seed(s); {row['run']}, epoch {row['epoch']}."
        )
        assert markdown.endswith(f"\n\n{note}\n")
        assert latex_text.startswith(f"% {note}\n")
        assert r"conv\_1 & 1{,}234" in latex_text
