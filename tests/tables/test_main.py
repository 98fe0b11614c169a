"""The stage writes every table."""

from example_results import write_run, write_tables
from gradnoise.tables.catalogue import LANGEVIN, OF_GRADIENTS, SUMMARIES, read


def test_stage_writes_every_table(tmp_path):
    run = write_run(tmp_path, "cnn", epochs=(0, 1), batch_sizes=(16, 64), repeats=2)
    folder = write_tables(tmp_path, run)
    stems = {f"cnn-epoch-{e}-n-{n}" for e in (0, 1) for n in (200, 600)}
    stems.add("cnn-gaussian-batch-size")
    expected = {f"{stem}.{suffix}" for stem in stems for suffix in ("csv", "md", "tex")}
    names = ("gaussianity", "gaussianity_repeats", "training", *SUMMARIES, *LANGEVIN)
    expected |= {f"{name}.csv" for name in names}
    assert {path.name for path in folder.glob("[!.]*")} == expected
    found = read(folder)
    assert len(found["gaussianity"]) == 2 * 6 * 2 * 2  # epochs, layers and network, sizes, batches
    assert list(found["training"].columns[:3]) == ["run", "seed", "epoch"]
    assert not list(tmp_path.glob(".tables*"))


def test_a_control_run_has_rows_only_for_what_it_measures_itself(tmp_path):
    cells = {"epochs": (3,), "batch_sizes": (16, 64), "repeats": 2}
    first = write_run(tmp_path, "cnn", seeds=(1, 2), **cells)
    second = write_run(tmp_path, "control", seeds=(1,), **cells)
    found = read(write_tables(tmp_path, first, (second[0], [])))  # it borrows its networks
    for name in OF_GRADIENTS:
        assert set(found[name]["run"]) == {"cnn"}, name
        assert set(found[name]["seed"]) == {1, 2}, name
    for name in ("gaussianity", "prediction", "tails", "influence"):
        assert set(found[name]["run"]) == {"cnn", "control"}, name
