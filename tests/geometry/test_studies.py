"""What every study of the stage finds, on small networks."""

import json
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from example_geometry import SMALL, STUDIES, TABLES, pieces, study
from example_results import call
from gradnoise.draws.streams import Stream, generator
from gradnoise.geometry import (
    StiefelSGD,
    critical_initialisation,
    curvature_relation,
    descents,
    expected_fisher,
    jacobian_singular_values,
)
from gradnoise.geometry.criticality import CriticalInitialisation
from gradnoise.geometry.descents import PATIENCE, Arm, Descent, Ensemble, brackets, descend
from gradnoise.geometry.measures import geometry
from gradnoise.geometry.networks import images, network
from gradnoise.geometry.settings import Descending
from gradnoise.geometry.studies.fluctuations import GROUPS, layers, weights
from gradnoise.geometry.studies.relation import EPOCHS, PROBES, RATE
from gradnoise.geometry.studies.training import (
    CHOOSING,
    JUDGED,
    RESOLUTION,
    best_rate,
    mean_rate,
    stable_rate,
)

SETTINGS = Descending(
    **{"study": "training"},
    **{key: SMALL[key] for key in ("seed", "width", "images", "batch_size", "steps", "loss")},
)


def test_the_stage_writes_the_tables_of_its_study_as_any_other_process_finds_them(
    tmp_path,
) -> None:
    (settings,) = pieces("initialisation").values()
    call("geometry", "--settings", json.dumps(settings), "--output", tmp_path / "depth-4")
    (path,) = (tmp_path / "depth-4").glob("[!.]*")
    assert path.name == "geometry_initialisation.csv"
    found = pd.read_csv(path)
    assert list(found) == [each.name for each in TABLES["geometry_initialisation"]]
    pd.testing.assert_frame_equal(found, study("initialisation")[path.stem][list(found)], rtol=1e-9)


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_fills_every_declared_column(name: str) -> None:
    found = study(name)
    assert set(found) == {f"geometry_{table}" for table in STUDIES[name].tables}
    for table, rows in found.items():
        assert set(rows) == {each.name for each in TABLES[table]}
        assert np.isfinite(rows.select_dtypes("number").to_numpy()).all()


def test_inputs_begin_at_the_fixed_point() -> None:
    shown = images(5, 800)
    assert shown.inputs.shape == (800, 196)
    for q in (0.02, 0.7):
        model = network(3, 150, "gaussian", q, seed=2)
        with torch.no_grad():
            preactivations = model[0](shown.at(q))
        assert float(preactivations.square().mean()) == pytest.approx(q, rel=0.1)


def test_geometry_is_that_of_the_definitions() -> None:
    model = network(3, 9, "orthogonal", 0.4, seed=6)
    inputs = images(2, 6).at(0.4)
    found = geometry(model, inputs)
    gaussian, softmax = expected_fisher(model, inputs, "gaussian"), expected_fisher(model, inputs)
    assert found["fisher"] == pytest.approx(gaussian.eigenvalues(1)[0], rel=1e-4)
    assert found["condition"] == pytest.approx(gaussian.condition().value, rel=1e-3)
    assert found["categorical_fisher"] == pytest.approx(softmax.eigenvalues(1)[0], rel=1e-4)
    assert found["categorical_condition"] == pytest.approx(softmax.condition().value, rel=1e-2)
    assert found["rank"] == gaussian.condition().rank
    stretch = jacobian_singular_values(model, inputs)
    assert found["stretch"] == pytest.approx((stretch[:, 0] ** 2).mean(), rel=1e-5)
    assert found["stretch_ratio"] == pytest.approx(
        np.median(stretch[:, 0] / stretch[:, -1]), rel=1e-4
    )


def test_bounds_hold_and_every_network_is_another_one() -> None:
    rows = study("initialisation")["geometry_initialisation"]
    assert len(rows) == 2 * 2 * SMALL["networks"]
    assert (rows["largest_block"] <= rows["fisher"]).all()
    assert (rows["fisher"] <= rows["sum_of_blocks"]).all()
    assert (rows["sum_of_blocks"] <= rows["bound"]).all()
    assert rows["fisher"].nunique() == len(rows)


@pytest.mark.parametrize("kind", ["orthogonal", "gaussian"])
def test_the_tangent_kernel_carried_from_layer_to_layer_is_that_of_autograd(kind: str) -> None:
    count, width, depth = 2, 5, 4
    critical = critical_initialisation("tanh", 0.8)
    random = np.random.default_rng(1)
    inputs = np.random.default_rng(7).standard_normal((count, width))
    carried = list(layers(kind, critical, inputs, depth, random))
    again = np.random.default_rng(1)
    drawn = [
        (critical.weight_std * weights(kind, (count, width), again), critical.bias_std * again.standard_normal((count, width)))
        for _ in range(depth)
    ]  # fmt: skip
    for net in range(count):
        model = nn.Sequential(
            *[part for _ in range(depth) for part in (nn.Linear(width, width), nn.Tanh())][:-1]
        )
        for layer, (W, b) in zip(model[::2], drawn, strict=True):
            layer.weight.data, layer.bias.data = torch.tensor(W[net]), torch.tensor(b[net])
        z = model(torch.tensor(inputs[net]))
        assert np.allclose(z.detach().numpy(), carried[-1][0][net])
        rows = []
        for unit in z:
            parts = torch.autograd.grad(unit, list(model.parameters()), retain_graph=True)
            # A weight's gradient counts 1/n.
            rows.append(
                torch.cat([part.flatten() / width ** (0.5 * (part.ndim - 1)) for part in parts])
            )
        J = torch.stack(rows).numpy()
        assert np.allclose(J @ J.T, carried[-1][1][net])


def test_orthogonal_weights_are_uniform_and_gaussian_ones_have_their_variance() -> None:
    drawn = weights("orthogonal", (500, 4), np.random.default_rng(0))
    assert np.allclose(drawn @ drawn.transpose(0, 2, 1), np.eye(4))
    assert np.abs(drawn.mean(axis=0)).max() < 5 * 0.5 / np.sqrt(500)
    assert weights("gaussian", (500, 4), np.random.default_rng(0)).var() == pytest.approx(
        0.25, rel=0.05
    )


def test_lengths_fluctuate_in_gaussian_networks_and_not_in_orthogonal_linear_ones() -> None:
    rows = study("fluctuations")["geometry_fluctuations"]
    assert len(rows) == 2 * GROUPS * 3 * SMALL["deepest"]
    assert set(rows["networks"]) == {20}
    first = rows[(rows["depth"] == 1) & (rows["q"] == 0)].groupby("initialisation")
    found = first["preactivation_fluctuation"].mean()
    # |z|^2 of n Gaussians is chi squared; of a rotated vector it is its own.
    assert found["gaussian"] == pytest.approx(2, rel=0.3)
    assert found["orthogonal"] == pytest.approx(0, abs=1e-12)
    assert rows[rows["depth"] == 30].groupby("q")["preactivation"].mean()[0.6] == pytest.approx(
        0.6, rel=0.1
    )


def test_the_limit_has_no_biases_and_a_deviation_of_one() -> None:
    inputs = np.full((3, 4), 1e-4)
    z, _ = next(
        layers(
            "orthogonal", CriticalInitialisation(1.0, 0.0, 1.0), inputs, 1, np.random.default_rng(0)
        )
    )
    assert (z**2).mean(axis=1) == pytest.approx(np.full(3, 1e-8))


def run(steps: int, arrived: bool = True, stable: bool = True) -> Descent:
    return Descent(steps, arrived, stable, 0.4)


def test_the_best_rate_arrives_most_often_and_then_soonest() -> None:
    sweep = {
        0.1: [run(100), run(90), run(80)],
        0.2: [run(20), run(20), run(40, arrived=False)],
        0.4: [run(10), run(200), run(40)],  # in geometric mean sooner than 0.1
        0.8: [run(90), run(90), run(90)],
    }
    assert best_rate(sweep) == 0.4
    assert best_rate({rate: runs for rate, runs in sweep.items() if rate != 0.4}) == 0.1


def test_where_none_arrives_the_lowest_loss_is_the_best() -> None:
    sweep = {
        rate: [Descent(600, False, True, loss), Descent(600, False, True, 2 * loss)]
        for rate, loss in ((0.1, 1.8), (0.2, 1.6), (0.4, 1.7), (0.8, np.nan))
    }
    assert best_rate(sweep) == 0.2


def test_rates_are_stable_up_to_the_first_that_is_not() -> None:
    shaky = [run(10), run(10, stable=False)]
    assert stable_rate({0.4: [run(10)], 0.1: [run(10)], 0.2: [run(10)]}) == 0.4
    assert stable_rate({0.1: [run(10)], 0.2: shaky, 0.4: [run(10)]}) == 0.1
    assert stable_rate({0.1: shaky, 0.2: [run(10)]}) == 0


def test_training_counts_every_run_and_judges_other_seeds() -> None:
    found = study("training")
    runs, arms = found["geometry_descents"], found["geometry_arms"]
    assert len(arms) == 2 * 3
    chosen, judged = runs[runs["judged"] == 0], runs[runs["judged"] == 1]
    assert len(chosen) == len(arms) * 7 * len(CHOOSING)
    assert set(judged["seed"]) == set(JUDGED)
    assert not set(chosen["seed"]) & set(judged["seed"])
    assert (runs[runs["arrived"] == 1]["loss"] < SMALL["loss"]).all()
    assert (runs[runs["arrived"] == 0]["steps"] == SMALL["steps"]).all()
    assert 0 < runs["arrived"].mean() < 1
    # At a rate of 50 nothing is stable.
    wild = runs[runs["learning_rate"] == 50]
    assert (wild[wild["manifold"] == "euclidean"]["stable"] == 0).all()
    ends = found["geometry_stability"]
    assert (ends["stable"] < 50).all()
    assert ((ends["unstable"] / ends["stable"]).between(1, RESOLUTION, inclusive="right")).all()
    assert list(ends[ends["q"] == 0.6]["seed"]) == 3 * [*CHOOSING, *JUDGED]
    middles = np.sqrt(ends["stable"] * ends["unstable"])
    means = np.exp(np.log(middles).to_numpy().reshape(6, -1).mean(axis=1))
    assert arms["stable_rate"].to_numpy() == pytest.approx(means)


def test_on_the_manifold_hidden_weights_stay_orthogonal_and_the_start_is_the_same() -> None:
    rows = study("training")["geometry_curvature"]
    start = rows[(rows["epoch"] == 0) & (rows["initialisation"] == "orthogonal")]
    pairs = start.groupby(["depth", "q"])
    assert (pairs["fisher"].nunique() == 1).all()
    assert (pairs.size() == 2).all()
    assert set(rows["epoch"]) == {0, 1, 2, 3, 5}  # 20 steps, 60 / 15 an epoch
    later = rows[rows["epoch"] > 0]
    assert later["fisher"].nunique() == len(later)


def alone(arm: Arm, rate: float, seed: int, steps: int) -> nn.Sequential:
    """One network trained by torch's SGD, hidden weights by the optimizer of the manifold."""
    shown = images(SMALL["seed"], SMALL["images"])
    model = network(arm.depth, SETTINGS.width, arm.initialisation, arm.q, seed)
    *hidden, last = model
    inner = [part for layer in hidden for part in layer.parameters()]
    kind = StiefelSGD if arm.manifold == "stiefel" else torch.optim.SGD
    optimizers = [kind(inner, rate), torch.optim.SGD(last.parameters(), rate)]
    inputs, classes = shown.at(arm.q), torch.from_numpy(shown.classes)
    random = generator(seed, Stream.GEOMETRY, "batches")
    for _ in range(steps):
        chosen = torch.from_numpy(random.integers(0, len(inputs), SETTINGS.batch_size))
        model.zero_grad()
        nn.functional.cross_entropy(model(inputs[chosen]), classes[chosen]).backward()
        for optimizer in optimizers:
            optimizer.step()
    return model


@pytest.mark.parametrize("manifold", ["euclidean", "stiefel"])
def test_networks_beside_each_other_are_those_trained_alone(manifold: str) -> None:
    arm = Arm(4, "orthogonal", manifold, 0.6)
    shown = images(SMALL["seed"], SMALL["images"])
    together = Ensemble(arm, [(0.3, 2), (0.1, 5), (0.2, 2), (0.4, 7)], shown, SETTINGS)
    for step in range(6):
        if step == 3:
            together.keep(np.array([True, False, True, True]))
        together.step()
    assert list(together.places) == [0, 2, 3]
    losses = together.losses()
    for place, (rate, seed) in enumerate([(0.3, 2), (0.2, 2), (0.4, 7)]):
        expected = alone(arm, rate, seed, 6)
        found = together.network(place)
        for one, other in zip(found.parameters(), expected.parameters(), strict=True):
            assert torch.allclose(one, other, atol=3e-6)
        with torch.no_grad():
            outputs = expected(together.inputs)
        loss = nn.functional.cross_entropy(outputs, together.classes)
        assert losses[place] == pytest.approx(float(loss), rel=1e-5)
    moved = together.network(0)[2].weight - network(4, 12, "orthogonal", 0.6, 2)[2].weight
    assert moved.abs().max() > 1e-3


def test_descents_end_where_the_loss_is_reached_or_hope_is_lost() -> None:
    arm = Arm(4, "gaussian", "euclidean", 0.6)
    shown = images(SMALL["seed"], SMALL["images"])
    quick = replace(SETTINGS, steps=100)
    reached, wild, slow = descend(arm, [(0.3, 2), (50.0, 2), (1e-4, 2)], shown, quick)
    assert reached.arrived
    assert reached.stable
    assert 0 < reached.steps < 100
    assert reached.steps % 10 == 0
    before = alone(arm, 0.3, 2, reached.steps - 10)
    with torch.no_grad():
        outputs = before(shown.at(0.6))
    assert nn.functional.cross_entropy(outputs, torch.from_numpy(shown.classes)) >= SETTINGS.loss
    assert (wild.arrived, wild.stable, wild.steps) == (False, False, 100)
    assert (slow.arrived, slow.stable, slow.steps) == (False, True, 100)


class Scripted:
    """Networks whose losses are known: above the start for good, as at the start, and above it at first."""

    looked: ClassVar[list[list[int]]] = []

    def __init__(self, *_: object) -> None:
        self.places, self.step_number = np.arange(3), 0

    def step(self) -> None:
        self.step_number += 1

    def keep(self, which: np.ndarray) -> None:
        self.places = self.places[which]

    def losses(self) -> np.ndarray:
        self.looked.append(list(self.places))
        now = (3.0, 2.0, 3.0 if self.step_number < PATIENCE else 1.5)
        return np.array(now if self.step_number else (2.0, 2.0, 2.0))[self.places]


def test_a_run_that_is_above_its_start_for_long_is_given_up(monkeypatch) -> None:
    monkeypatch.setattr(descents, "Ensemble", Scripted)
    shown = images(SMALL["seed"], SMALL["images"])
    runs = [(0.1, 1), (0.1, 2), (0.1, 3)]
    arm = Arm(4, "gaussian", "euclidean", 0.6)
    found = descend(arm, runs, shown, replace(SETTINGS, steps=500, loss=1.0))
    assert [run.loss for run in found] == [3.0, 2.0, 1.5]
    assert [run.stable for run in found] == [False, True, False]
    assert Scripted.looked == 31 * [[0, 1, 2]] + 20 * [[1, 2]]  # every 10 steps, from 0 on


def test_brackets_close_in_on_every_limit_from_either_side() -> None:
    limits, asked = np.array([0.013, 0.7, 5.5, 1.0]), []

    def stable(values: np.ndarray, places: np.ndarray) -> np.ndarray:
        asked.append(len(values))
        return values <= limits[places]

    low, high = brackets(stable, np.full(4, 0.5), 1.1)
    assert (low <= limits).all()
    assert (high > limits).all()
    assert (high <= 1.1 * low).all()
    assert (high > 1.03 * low).all()
    assert asked[:2] == [4, 1]  # of the first ends one is too high, and it alone is asked again


def test_mean_rates_are_geometric_with_students_interval() -> None:
    ends = [(0.1, 0.11), (0.2, 0.21), (0.12, 0.13)]
    found = mean_rate([{"stable": low, "unstable": high} for low, high in ends])
    logs = np.log([np.sqrt(low * high) for low, high in ends])
    assert found["stable_rate"] == pytest.approx(np.exp(logs.mean()))
    half = 4.302653 * logs.std(ddof=1) / 3**0.5
    assert found["stable_rate_lower"] == pytest.approx(np.exp(logs.mean() - half))
    assert found["stable_rate_upper"] == pytest.approx(np.exp(logs.mean() + half))


def test_the_relation_is_measured_on_the_networks_in_training() -> None:
    rows = study("relation")["geometry_relation"]
    assert len(rows) == 2 * 2 * SMALL["networks"] * len(EPOCHS)
    shown = images(SMALL["seed"], SMALL["images"])
    model = alone(Arm(4, "gaussian", "euclidean", 0.6), RATE, 2, 4)  # 60 / 15 steps an epoch
    expected = curvature_relation(
        model, nn.functional.cross_entropy, shown.at(0.6), shown.classes, probes=PROBES, seed=2
    )
    where = {"initialisation": "gaussian", "q": 0.6, "seed": 2, "epoch": 1}
    (found,) = rows[(rows[list(where)] == pd.Series(where)).all(axis=1)].to_dict("records")
    for name, estimate in expected._asdict().items():
        assert found[name] == pytest.approx(float(estimate.value), rel=1e-3)
        assert found[f"{name}_error"] == pytest.approx(float(estimate.standard_error), rel=0.02)
    means = rows.groupby("epoch")["loss"].mean()
    assert means.is_monotonic_decreasing
