"""What a stage's program stores is what the library says of the same input; no two of its random streams are one."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

import example_chain as chain
from example_chain import BATCHES, LAYERS, LEVEL, REPEATS, SEED, SIZES, TESTED, Chain
from gradnoise.balance.studies import laws
from gradnoise.calibration.checks import calibrate
from gradnoise.clt.analysis import analyse as analyse_clt
from gradnoise.clt.inputs import LayerInputs
from gradnoise.clt.results import read_measured
from gradnoise.clt.settings import Settings as CltSettings
from gradnoise.data import catalogue
from gradnoise.data.dataset import Dataset, load
from gradnoise.draws.batches import Draws
from gradnoise.draws.streams import Stream
from gradnoise.gaussianity.analysis import describe_layer, examples
from gradnoise.gaussianity.normality import describe
from gradnoise.gaussianity.results import read_tests
from gradnoise.gradients import per_sample_gradients
from gradnoise.langevin import analysis as langevin
from gradnoise.langevin import results as langevin_results
from gradnoise.langevin.settings import Settings as LangevinSettings
from gradnoise.model.loss import loss
from gradnoise.moments import per_sample_moments
from gradnoise.noise import sample_noise
from gradnoise.noise.store import open_parameter
from gradnoise.rejection.judgement import judge_predictions, judge_tails, judge_tests
from gradnoise.rejection.results import TABLES
from gradnoise.store.arrays import open_store
from gradnoise.tails.analysis import measure_tails
from gradnoise.tails.influence import extreme_samples
from gradnoise.tails.null import gaussian_null
from gradnoise.tails.population import analyse_samples
from gradnoise.tails.results import read_tails
from gradnoise.training.checkpoint import load_model
from gradnoise.training.initial import initial_model
from gradnoise.training.loop import Training
from gradnoise.training.settings import Hyperparameters
from gradnoise.trajectory import store as trajectory_store
from gradnoise.trajectory.names import KINDS


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return chain.run(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="module")
def dataset(done: Chain) -> Dataset:
    return load(done.folder / "data.h5")


class Of:
    """Settings by attribute, as the library takes them."""

    def __init__(self, settings: dict[str, Any]) -> None:
        vars(self).update(settings)


@pytest.fixture(scope="module")
def measured(done: Chain, dataset: Dataset) -> tuple[Any, ...]:
    """What public functions of a model in hand are given first."""
    settings: Any = Of(chain.MEASURED)
    model = load_model(settings, dataset, done.folder / "weights")
    inputs, targets = map(torch.from_numpy, (dataset.train_inputs, dataset.train_targets))
    return model, loss("cross_entropy"), inputs, targets


def test_data(dataset: Dataset) -> None:
    source = catalogue.read(chain.DATA)
    assert source.test is not None
    assert_allclose(dataset.train_inputs, source.train.inputs, rtol=1e-6)
    assert_array_equal(dataset.train_targets, source.train.targets)
    assert_allclose(dataset.test_inputs, source.test.inputs, rtol=1e-6)
    assert len(dataset.train_inputs) == chain.SAMPLES


def test_training(done: Chain, dataset: Dataset) -> None:
    training = Training(
        initial_model(chain.MODEL, dataset, SEED), Hyperparameters(**chain.HOW), dataset, SEED
    )
    training.start()
    for _ in range(2):
        training.run_epoch(iter(range(100)))
    stored = pd.read_csv(done.folder / "training.csv")
    assert_allclose(stored, pd.DataFrame(training.rows).astype(float), rtol=1e-12)
    settings: Any = Of(chain.MEASURED)
    kept = load_model(settings, dataset, done.folder / "weights").state_dict()
    for name, weights in training.model.state_dict().items():
        assert torch.equal(kept[name], weights), name


def test_gradients(done: Chain, measured: tuple[Any, ...]) -> None:
    store = open_store(done.folder / "gradients.zarr")
    found = per_sample_gradients(*measured, coordinates=17, seed=SEED)
    for name in LAYERS:
        group: Any = store[name]
        assert_array_equal(group["gradient"][:], found[name])
        assert_allclose(group["full_gradient"][:], found[name].mean(0, dtype=np.float64))


def test_moments(done: Chain, measured: tuple[Any, ...]) -> None:
    store = open_store(done.folder / "moments.zarr")
    found = per_sample_moments(*measured, coordinates=17, seed=SEED)
    for name in LAYERS:
        group: Any = store[name]
        for field, values in found[name]._asdict().items():
            scale = np.abs(values).max()
            assert_allclose(group[field][:], values, rtol=1e-5, atol=1e-6 * scale)


@pytest.mark.parametrize("repeat", REPEATS)
def test_noise(done: Chain, measured: tuple[Any, ...], repeat: int) -> None:
    how = {"coordinates": 17, "repeat": repeat, "strategy": "per_sample"}
    found: Any = sample_noise(*measured, SIZES, BATCHES, SEED, **how)
    store = open_store(done.folder / f"repeat-{repeat}.zarr")
    for name in LAYERS:
        group: Any = store[name]
        for row, size in enumerate(SIZES):
            assert_array_equal(group["noise"][row], found[name][size])


def noise_of(done: Chain, layer: str) -> list[Any]:
    return [open_parameter(done.folder / f"repeat-{r}.zarr", layer) for r in REPEATS]


@pytest.mark.parametrize("layer", LAYERS)
def test_gaussianity(done: Chain, layer: str) -> None:
    opened = noise_of(done, layer)
    along = [each.noise_along_directions for each in opened]
    series = [each.noise for each in opened]
    expected = {"coordinates": series, "directions": along}
    described = {group: describe_layer(each, TESTED) for group, each in expected.items()}
    alone = describe(np.asarray(series[1][2, :20]), axis=0)
    with h5py.File(done.folder / f"{chain.AT}/gaussianity/{layer}.h5") as file:
        for group, fields in described.items():
            for name, values in fields.items():
                assert_array_equal(file[group][name][...], values)
        assert_array_equal(file["coordinates/pvalue"][2, 0, 1], alone["pvalue"])
        shown = examples(described["coordinates"], series[0], SIZES, TESTED)
        assert_array_equal(file["examples/samples"][...], [each["samples"] for each in shown])


def inputs_of(done: Chain, layer: str) -> LayerInputs:
    """What earlier stages found, read without their readers."""
    gradients: Any = open_store(done.folder / "gradients.zarr")[layer]
    moments: Any = open_store(done.folder / "moments.zarr")[layer]
    names = ("mean", "variance", "third_absolute", "third", "fourth")
    index = gradients["coordinate"][:]
    found = {name: moments[name][:] for name in names}
    return LayerInputs(gradients["gradient"][:], found, index)


@pytest.mark.parametrize("layer", LAYERS)
def test_clt(done: Chain, layer: str) -> None:
    settings = CltSettings(**chain.CLT, parameter=layer)
    expected = analyse_clt(inputs_of(done, layer), settings)
    assert expected.held_out is not None
    with h5py.File(done.folder / f"{chain.AT}/clt/{layer}.h5") as file:
        for name, values in expected.coordinates.items():
            assert_array_equal(file["coordinates"][name][...], values)
        for name, rows in expected.tables.items():
            assert file[name][...].tobytes() == rows.tobytes(), name
        for name, number in expected.numbers.items():
            assert_array_equal(file.attrs[name], number)
        for name, values in file["held_out"].items():
            assert_array_equal(values[...], getattr(expected.held_out, name))


@pytest.mark.parametrize("layer", LAYERS)
def test_tails(done: Chain, dataset: Dataset, layer: str) -> None:
    series = [each.noise for each in noise_of(done, layer)]
    methods = chain.TAILS["methods"]
    found = measure_tails(series, SIZES, BATCHES, REPEATS, methods, SEED)
    gradients: Any = open_store(done.folder / "gradients.zarr")[layer]
    values, index = gradients["gradient"][:], gradients["coordinate"][:]
    draws = Draws(SEED, REPEATS[0], "with_replacement", chain.SAMPLES)
    drawn = draws, REPEATS, SIZES, BATCHES
    targets = dataset.train_targets, dataset.classes
    population = analyse_samples(values, index, *drawn, *targets, done.folder)
    with h5py.File(done.folder / f"{chain.AT}/tails/{layer}.h5") as file:
        for method, fields in found.indices.items():
            for name, each in fields.items():
                assert_array_equal(file[f"coordinates/{method}/{name}"][...], each)
        for name, rows in {"norms": found.norms, **population.tables}.items():
            assert file[name][...].tobytes() == rows.tobytes(), name
        for name, each in population.arrays.items():
            assert_array_equal(file[f"samples/{name}"][...], each)


def test_layers_in_one_job_get_the_files_of_a_job_each(done: Chain) -> None:
    """To the byte, for each of the three stages whose layers may share a job."""
    together = Chain(done.folder)
    noise = [f"repeat-{repeat}.zarr" for repeat in REPEATS]
    stored = {"gradients": "gradients.zarr"}
    measured = {**stored, "moments": "moments.zarr"}
    tested = [f"{chain.AT}/gaussianity/{layer}.h5" for layer in LAYERS]
    for stage, settings, inputs in (
        ("gaussianity", {"batches": TESTED}, {"noise": noise}),
        ("clt", chain.CLT, {**measured, "gaussianity": tested}),
        ("tails", chain.TAILS, {**stored, "data": "data.h5", "noise": noise}),
    ):
        output = [f"together/{stage}/{layer}.h5" for layer in LAYERS]
        together.run(stage, "", settings, **inputs, output=output)
        for layer, path in zip(LAYERS, output, strict=True):
            alone = done.folder / f"{chain.AT}/{stage}/{layer}.h5"
            assert (done.folder / path).read_bytes() == alone.read_bytes(), (stage, layer)


@pytest.mark.parametrize("layer", LAYERS)
def test_rejection(done: Chain, layer: str) -> None:
    """From p-values and indices as they were measured, and Gaussian series of the network's own seed."""
    series = [each.noise for each in noise_of(done, layer)]
    tested, tails, measured = (
        done.folder / f"{chain.AT}/{stage}/{layer}.h5" for stage in ("gaussianity", "tails", "clt")
    )
    tests, indices = read_tests(tested), read_tails(tails)
    null = gaussian_null(BATCHES, chain.TAILS["methods"], SEED, LEVEL)
    parts = (
        judge_tests(tests, LEVEL),
        judge_predictions(tests, read_measured(measured), LEVEL),
        judge_tails(tests, indices, series, null, LEVEL),
    )
    gradients: Any = open_store(done.folder / "gradients.zarr")[layer]["gradient"][:]
    with h5py.File(done.folder / f"{chain.AT}/rejection.h5") as file:
        assert json.loads(file.attrs["parameters"]) == LAYERS
        group = file[layer]
        assert (group.attrs["significance"], group.attrs["layer"]) == (LEVEL, layer[:-7])
        for part in parts:
            for name, rows in part.tables.items():
                assert group[name][...].tobytes() == rows.tobytes(), name
            for below, arrays in part.arrays.items():
                for name, each in arrays.items():
                    assert_array_equal(group[f"{below or '.'}/{name}"][...], each)
        shown = parts[-1].examples
        assert_array_equal(group["examples/samples"][...], [each.samples for each in shown])
        behind = [extreme_samples(gradients[:, each.position]) for each in shown]
        assert_array_equal(group["examples/behind"][...], behind)
        assert group["examples/role"][...].tolist() == [each.role.encode() for each in shown]
        written = set(group) - {"histograms", "rejected_histograms", "examples"}
    assert written == {*TABLES, "batch_sizes", "repeats", "top", "coordinates"}


def test_trajectory(done: Chain, dataset: Dataset) -> None:
    """Along single coordinates a trajectory is plain SGD's, of torch's own optimizer, on the replica's own batches."""
    how = chain.TRAJECTORY
    recorded = trajectory_store.read(done.folder / "trajectory.zarr", "linear2.weight")
    chosen = np.flatnonzero(recorded.kind == KINDS[2])
    store = open_store(done.folder / "trajectory.zarr")
    settings: Any = Of(how)
    inputs, targets = map(torch.from_numpy, (dataset.train_inputs, dataset.train_targets))
    for replica in range(2):
        model = load_model(settings, dataset, done.folder / "weights")
        weight = dict(model.named_parameters())["linear2.weight"]
        start = weight.detach().clone().flatten()
        names = ("momentum", "weight_decay")
        given = {name: how[name] for name in names}
        optimizer = torch.optim.SGD(model.parameters(), how["learning_rate"], **given)
        draws = Draws(SEED, replica, how["sampling"], chain.SAMPLES, Stream.TRAJECTORY)
        path = []
        for batch in draws.batches(how["batch_size"], 0, how["burn_in"] + 5).astype(np.int64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs[batch]), targets[batch]).backward()
            optimizer.step()
            path.append((weight.detach().flatten() - start).numpy())
        # The recorded coordinates are those of the store's unit vectors: found by what the first one did.
        expected = np.array(path)[how["burn_in"] :]
        for column in recorded.position[replica, :5, chosen]:
            off = np.abs(expected - column[:, None]).max(axis=0)
            assert off.min() < 1e-5
    assert store.attrs["burn_in"] == how["burn_in"]


@pytest.mark.parametrize("subspace", ["model", "linear2.weight"])
def test_langevin(done: Chain, subspace: str) -> None:
    recorded = trajectory_store.read(done.folder / "trajectory.zarr", subspace)
    settings = LangevinSettings(**chain.LANGEVIN, subspace=subspace)
    expected = langevin.analyse(recorded, settings)
    stored = langevin_results.read(done.folder / f"langevin/{subspace}.h5")
    for name, values in expected.directions.items():
        assert_array_equal(stored.directions[name].astype(str), values.astype(str))
    for name, number in expected.numbers.items():
        assert_array_equal(stored.attributes[name], number)
    for name, array in expected.arrays.items():
        assert_array_equal(stored.arrays[name], array)


def test_calibration(done: Chain, tmp_path: Path) -> None:
    given = chain.CALIBRATION
    checks = calibrate(tmp_path, given["seed"], LEVEL, given["batches"], given["series"])
    stored = pd.read_csv(done.folder / "calibration.csv")
    assert stored["measured_percentage"].tolist() == [c.measured_percentage for c in checks]
    assert stored["n"].tolist() == [check.n for check in checks]


def test_balance(done: Chain) -> None:
    settings: Any = Of(chain.BALANCE)
    for name, rows in laws.STUDY.run(settings).items():
        stored = pd.read_csv(done.folder / f"balance/laws/balance_{name}.csv")
        expected = pd.DataFrame(rows)[stored.columns]
        pd.testing.assert_frame_equal(stored, expected, check_dtype=False, rtol=1e-12)


# What several jobs draw alike, on purpose: everything else is a job's own.
TAILS = {f"tails {layer}" for layer in LAYERS}
TOGETHER = {
    # Weights are drawn before those of the checkpoint take their place.
    ("model.factory.build", Stream.INITIALISATION): {"training ", "gradients ", "trajectory "},
    # The extremes that are looked at are those of the first repeat.
    ("draws.batches._cached", Stream.DRAWS): {"noise 1", *TAILS},
    # All layers are measured on the same batches, and held against the same simulations.
    ("draws.batches._cached", Stream.HELD_OUT): {f"clt {layer}" for layer in LAYERS},
    ("tails.analysis.measure_tails", Stream.TAILS): TAILS,
    ("tails.largest_batch.largest_batch_rows", Stream.TAILS): TAILS,
    ("tails.growth.growth", Stream.GROWTH): TAILS,
}


def test_no_stream_serves_two_purposes(done: Chain) -> None:
    users = defaultdict(set)
    for asked in done.asked:
        users[asked.seed, asked.purpose, asked.key].add(asked.by)
    assert [found for found in users.values() if len(found) > 1] == []


def test_no_job_draws_from_a_stream_twice(done: Chain) -> None:
    """Of batch sizes, blocks, repeats, coordinates, epochs and classes each has a stream of its own."""
    counts: dict[Any, int] = defaultdict(int)
    for asked in done.asked:
        counts[asked] += 1
    again = {(asked.job, asked.by, asked.key[0]) for asked, count in counts.items() if count > 1}
    # Before it trains, training looks at the first epoch's first batch.
    assert {(job, by) for job, by, _ in again} == {
        ("training ", "training.loop._minibatches"),
        ("training ", "training.loop._seed_model"),
    }
    assert {key for _, _, key in again} == {1}


def test_jobs_share_the_streams_that_they_should_and_no_others(done: Chain) -> None:
    jobs = defaultdict(set)
    for asked in done.asked:
        jobs[asked.by, asked.seed, asked.purpose, asked.key].add(asked.job)
    shared = defaultdict(set)
    for (by, _, purpose, _), found in jobs.items():
        if len(found) > 1:
            shared[by, Stream(purpose)] |= found
    assert shared == TOGETHER


def test_both_blocks_of_the_endless_stream_are_drawn(done: Chain) -> None:
    blocks = [a.key[-1] for a in done.asked if a.job == "noise 2" and a.purpose == Stream.DRAWS]
    assert blocks == [0, 1]
