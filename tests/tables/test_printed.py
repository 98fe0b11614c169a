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
    found = list(layer_files(tmp_path, measured(tmp_path, files), "gaussianity"))
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
