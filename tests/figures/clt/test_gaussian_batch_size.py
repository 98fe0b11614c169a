"""B* and the noise scale over training."""

import numpy as np
import pandas as pd

from example_figures import SETTINGS
from gradnoise.clt.gaussian_batch_size import LARGEST
from gradnoise.figures.clt import gaussian_batch_size

ROWS = pd.DataFrame(
    [
        {
            **{"layer": "a", "seed": seed, "epoch": epoch},
            **{"gaussian_batch_size": value, "noise_scale": 10.0 * (1 + epoch)},
        }
        for seed, values in enumerate([(100, 400), (200, np.inf), (300, np.inf)])
        for epoch, value in enumerate(values)
    ]
)


def test_thick_line_is_the_median_and_censored_ones_are_triangles_at_the_top():
    left, right = gaussian_batch_size.draw(ROWS, SETTINGS).axes
    triangles = [line for line in left.lines if line.get_marker() == "^"]
    assert [list(line.get_ydata()) for line in triangles] == [[LARGEST]]
    middle = [line for line in left.lines if list(line.get_ydata()) == [200, LARGEST]]
    assert middle
    assert any(set(line.get_ydata()) == {128} for line in right.lines)
    assert [text.get_text() for text in right.texts] == ["a"]
