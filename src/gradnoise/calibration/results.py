"""The table of the instrument check."""

from gradnoise.store.variables import Variable

COLUMNS = (
    Variable("check", "what is checked", ""),
    Variable("distribution", "law of the noise", ""),
    Variable("batch_size", "draws in a batch", "samples"),
    Variable("n", "batches that are tested together", "batches"),
    Variable("measured_percentage", "series that pass", "%"),
    Variable("expected_percentage", "series that pass where the instrument works", "%"),
    Variable("tolerance", "by which they may differ", "percentage points"),
    Variable("passed", "whether they differ by less", ""),
    Variable("significance", "level of the test"),
    Variable("series", "series that were tested", "series"),
)
TABLES = {"calibration": COLUMNS}
