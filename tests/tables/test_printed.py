"""Tables in the paper's form."""

import pandas as pd

from example_results import measured, resnet, write_run
from gradnoise.tables import gaussianity
from gradnoise.tables.layers import layer_files
from gradnoise.tables.printed import latex, printed, representative


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
