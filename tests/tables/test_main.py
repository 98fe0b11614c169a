"""The stage writes every table."""

from example_results import write_run, write_tables
from gradnoise.tables.catalogue import LANGEVIN, SUMMARIES, read


def test_stage_writes_every_table(tmp_path):
    run = write_run(tmp_path, "cnn", epochs=(0, 1), batch_sizes=(16, 64), repeats=2)
    folder = write_tables(tmp_path, run)
    stems = {f"cnn-epoch-{e}-n-{n}" for e in (0, 1) for n in (200, 600)}
    expected = {f"{stem}.{suffix}" for stem in stems for suffix in ("csv", "md", "tex")}
    names = ("gaussianity", "gaussianity_repeats", "training", *SUMMARIES, *LANGEVIN)
    expected |= {f"{name}.csv" for name in names}
    assert {path.name for path in folder.iterdir()} == expected
    found = read(folder)
    assert len(found["gaussianity"]) == 2 * 6 * 2 * 2  # epochs, layers and network, sizes, batches
    assert list(found["training"].columns[:3]) == ["run", "seed", "epoch"]
    assert not list(tmp_path.glob(".tables*"))
