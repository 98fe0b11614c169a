"""Which jobs a key of the config reaches: every key is changed, and every job's settings are compared.

A job whose settings forget a key keeps results that are out of date; one whose settings hold too much runs again for
nothing. A new key needs a row here.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from example_config import DEFAULT
from experiment import Experiment
from fingerprint import canonical
from gradnoise.store.paths import STUDY_STAGES
from run import Job, Run
from stages import figures, training

RUN, OPEN = "one", "open"
# One run on the paper's data, every study, and a trajectory that leaves everything to its section.
PLAIN: dict[str, Any] = {
    "runs": [RUN],
    "run_definitions": {RUN: None},
    "data.dataset": "cifar10",
    "data.path": "data",
    "data.download": True,
    "trajectory.variants": [OPEN],
    "trajectory.variant_definitions": {OPEN: None},
}
# Mappings whose keys are the user's.
LEAVES = ("run_definitions", "model.arguments", "trajectory.variant_definitions", "related.own")
PRETRAINED = object()  # stands for a folder of networks


class Row(NamedTuple):
    """A change of a key.

    Attributes:
        key: dotted.
        value: another one.
        reaches: stages of whose jobs the settings change.
        given: other keys, without which the value is impossible or says nothing.
        makes: stages that get other jobs than before.
    """

    key: str
    value: Any
    reaches: set[str]
    given: Mapping[str, Any] = {}
    makes: frozenset[str] | set[str] = frozenset()


TOLD = {"claims", "report"}  # they get a run's sections whole, the page the whole config
SAMPLES = {"gradients", "moments", "noise"}
LEARNT = {"training", *SAMPLES, "trajectory"}  # what was learnt, and what is sampled of it
LAYERS = {"gaussianity", "clt", "tails"}
TESTED = {"calibration", "gaussianity", "clt"}
DRAWN = {"figures", "shared_figures"}
ORTHOGONAL = {"model.initialisation": "orthogonal", "model.q": 1.0}
STIEFEL = {**ORTHOGONAL, "trajectory.variants": []}
STEPS = {
    "trajectory.learning_rate": 0.1,
    "trajectory.momentum": 0.0,
    "trajectory.weight_decay": 0.0,
}
TWO = {RUN: None, "two": None}
STUDY = {"related.studies": ["sgld"]}
BALANCE = {"balance.studies": ["crossings", "laws", "norms", "transition"]}
GEOMETRY = {"geometry.studies": ["fluctuations", "initialisation", "relation", "training"]}
# Stages of pieces are told apart by the study that they are of.
LAWS, TRANSITION = "balance laws", "balance transition"
FLUCTUATIONS, INITIALISATION = "geometry fluctuations", "geometry initialisation"
RELATION, TRAINING = "geometry relation", "geometry training"
ALL = {FLUCTUATIONS, INITIALISATION, RELATION, TRAINING}


def of_studies(stage: str, usual: str, other: str) -> list[Row]:
    """Rows of what stages with pieces have: a seed, and which studies are made."""
    before, after = f"{stage} {usual}", f"{stage} {other}"
    told = {"tables", "report"}
    return [
        Row(f"{stage}.seed", 1, {before, "report"}),
        Row(f"{stage}.studies", [other], told, makes={before, after, "shared_figures"}),
        Row(f"{stage}.studies", [usual, other], told, makes={after, "shared_figures"}),
        Row(f"{stage}.studies", [], told, makes={before, "shared_figures"}),
    ]


ROWS = [
    Row("output", "elsewhere", {"report"}),
    Row(
        *("runs", [RUN, "two"], {"tables", *TOLD}, {"run_definitions": TWO}),
        makes={*LEARNT, *LAYERS, "rejection", "langevin", "figures"},
    ),
    Row("run_definitions", {RUN: {"tails": {"methods": ["ecf", "ml"]}}}, {"tails", *TOLD}),
    Row("data.dataset", "cifar100", {"figures", *TOLD}, makes={"data"}),
    Row("data.path", "other", {"data", *TOLD}),
    Row("data.download", False, {"data", *TOLD}),
    Row("data.image_size", 16, {"data", *TOLD}),
    Row("data.subset", 5000, {"data", "figures", *TOLD}),
    Row("data.test_fraction", 0.3, {"data", *TOLD}),
    Row("data.standardise", False, {"data", *TOLD}),
    Row("data.inputs", "numbers", {"data", *TOLD}),
    Row("data.task", "regression", {"data", *TOLD}),
    Row("data.seed", 1, {"data", *TOLD}),
    Row("data.synthetic.samples", 11, {"data", *TOLD}),
    Row("data.synthetic.test_samples", 11, {"data", *TOLD}),
    Row("data.synthetic.features", 11, {"data", *TOLD}),
    Row("data.synthetic.outputs", 11, {"data", *TOLD}),
    Row("data.synthetic.parameters", [[1.0]], {"data", *TOLD}),
    Row("data.synthetic.input_distribution", "student_t", {"data", *TOLD}),
    Row("data.synthetic.spectrum_exponent", 0.5, {"data", *TOLD}),
    Row("data.synthetic.label_noise_distribution", "student_t", {"data", *TOLD}),
    Row("data.synthetic.label_noise_scale", 0.5, {"data", *TOLD}),
    Row("data.synthetic.degrees_of_freedom", 2.0, {"data", *TOLD}),
    Row(
        *("model.name", "mlp", {*LEARNT, "rejection", "figures", "tables", *TOLD}),
        makes={*LAYERS, "langevin"},
    ),
    Row("model.arguments", {"hidden_features": 30}, {*LEARNT, *TOLD}),
    Row("model.arguments", {"batch_norm": True}, {*LEARNT, "figures", *TOLD}),
    Row("model.initialisation", "gaussian", {*LEARNT, *TOLD}, ORTHOGONAL),
    Row("model.q", 2.0, {*LEARNT, *TOLD}, ORTHOGONAL),
    Row("training.optimizer", "adamw", {"training", *TOLD}, STEPS),
    Row("training.learning_rate", 0.01, {"training", "trajectory", *TOLD}),
    Row("training.momentum", 0.8, {"training", "trajectory", *TOLD}),
    Row("training.nesterov", True, {"training", *TOLD}),
    Row("training.manifold", "stiefel", {"training", *TOLD}, STIEFEL),
    Row("training.weight_decay", 0.1, {"training", "trajectory", *TOLD}),
    Row("training.milestones", [2], {"training", "trajectory", *TOLD}),
    Row("training.milestones", [4], {"training", *TOLD}),  # after the last epoch
    Row(
        *("training.milestone_factor", 0.2, {"training", "trajectory", *TOLD}),
        {"training.milestones": [2]},
    ),
    Row("training.epochs", 5, {"training", "trajectory", "tables", *TOLD}),
    Row("training.batch_size", 32, {"training", "figures", *TOLD}),
    Row("training.loss", "mean_squared_error", {*LEARNT, *TOLD}),
    Row("training.augment", True, {"training", *TOLD}),
    Row(
        "training.seeds",
        [1, 2, 4],
        {"tables", *TOLD},
        makes={"training", *SAMPLES, *LAYERS, "rejection"},
    ),
    Row("training.checkpoints", [0, 4], {"training", *TOLD}),
    Row("training.path", PRETRAINED, {"training", *TOLD}),
    Row("training.device", "cpu", {*LEARNT, *TOLD}),
    Row("training.torch_threads", 2, {*LEARNT, *TOLD}),
    Row(
        "noise.checkpoints",
        [4],
        {"tables", *TOLD},
        makes={*SAMPLES, *LAYERS, "rejection", "figures"},
    ),
    Row("noise.batch_sizes", [16, 32], {"noise", "clt", *TOLD}),
    Row("noise.batches", 700, {"noise", *TOLD}),
    Row("noise.batches", 500, {"noise", "tails", *TESTED, *TOLD}),
    Row("noise.repeats", 6, {"clt", *TOLD}, makes={"noise"}),
    Row("noise.sampling", "epoch_shuffle", {"noise", "clt", *TOLD}),
    Row(
        *("noise.layers", ["conv1"], {*SAMPLES, "rejection", "trajectory", "tables", *TOLD}),
        makes={*LAYERS, "langevin"},
    ),
    Row(
        *("noise.biases", True, {*SAMPLES, "rejection", "trajectory", "tables", *TOLD}),
        makes={*LAYERS, "langevin"},
    ),
    Row("noise.coordinates", 100, {*SAMPLES, *TOLD}),
    Row("noise.directions", 50, {*SAMPLES, *TOLD}),
    Row("noise.augment", True, {*SAMPLES, *TOLD}, makes={"figures"}),
    Row("noise.batch_norm_mode", "train", {*SAMPLES, *TOLD}, makes={"figures"}),
    Row("noise.strategy", "per_batch", {*SAMPLES, *TOLD}, makes={"figures"}),
    Row("noise.strategy", "per_sample", {*SAMPLES, *TOLD}),
    Row("noise.memory", 2.0, {*SAMPLES, *TOLD}),
    Row("noise.shards", 2, TOLD),
    Row("gaussianity.significance", 0.01, {"calibration", "rejection", "figures", *TOLD}),
    Row("gaussianity.batches", [100, 600], {*TESTED, *TOLD}),
    Row("clt.exact_coordinates", 50, {"clt", *TOLD}),
    Row("clt.distance", 0.02, {"clt", *TOLD}),
    Row("clt.share", 0.8, {"clt", *TOLD}),
    Row("tails.methods", ["ecf", "ml"], {"tails", *TOLD}),
    Row(
        *("trajectory.variants", [], {"tables", "report"}),
        makes={"trajectory", "langevin", "figures"},
    ),
    Row("trajectory.variant_definitions", {OPEN: {"steps": 700}}, {"trajectory", "report"}),
    Row("trajectory.networks", 2, {"tables", "report"}, makes={"trajectory", "langevin"}),
    Row("trajectory.layers", False, {"trajectory", "tables", "report"}, makes={"langevin"}),
    Row("trajectory.learning_rate", 0.01, {"trajectory", "report"}),
    Row("trajectory.momentum", 0.5, {"trajectory", "report"}),
    Row("trajectory.momentum", 0.0, {"trajectory", "report"}, makes={"figures"}),
    Row("trajectory.nesterov", True, {"trajectory", "report"}),
    Row("trajectory.weight_decay", 0.1, {"trajectory", "report"}),
    Row("trajectory.batch_size", 32, {"trajectory", "report"}),
    Row("trajectory.sampling", "epoch_shuffle", {"trajectory", "report"}),
    Row("trajectory.burn_in", 300, {"trajectory", "report"}),
    Row("trajectory.steps", 900, {"trajectory", "report"}),
    Row("trajectory.replicas", 3, {"trajectory", "report"}),
    Row("trajectory.eigenvectors", 4, {"trajectory", "report"}),
    Row("trajectory.random_directions", 2, {"trajectory", "report"}),
    Row("trajectory.coordinates", 2, {"trajectory", "report"}),
    Row("trajectory.curvature_samples", 400, {"trajectory", "report"}),
    Row("trajectory.curvature_samples", None, {"trajectory", "report"}),
    Row("trajectory.snapshots", 3, {"trajectory", "report"}),
    Row("langevin.lags", 100, {"langevin", "report"}),
    Row("langevin.residual_lags", 10, {"langevin", "report"}),
    Row("langevin.surrogates", 300, {"langevin", "report"}),
    Row("calibration.seed", 1, {"calibration", "report"}),
    Row("calibration.series", 1000, {"calibration", "report"}),
    Row("control.seed", 1, {"control", "report"}),
    Row("control.batch_sizes", [16, 64], {"control", "report"}),
    Row("control.batches", 200, {"control", "report"}),
    *of_studies("balance", "transition", "norms"),
    Row("balance.replicas", 500, {"balance crossings", LAWS, TRANSITION, "report"}, BALANCE),
    Row("balance.label_noise", 40, {LAWS, TRANSITION, "report"}, BALANCE),
    Row("balance.depths", [0, 1], {LAWS, "report"}, BALANCE),
    Row("balance.ratios", [0.5], {LAWS, TRANSITION, "report"}, BALANCE),
    *of_studies("geometry", "initialisation", "training"),
    Row("geometry.width", 32, {*ALL, "report"}, GEOMETRY),
    Row(
        *("geometry.depths", [16, 8], {"tables", "report"}, GEOMETRY),
        makes=ALL - {FLUCTUATIONS},
    ),
    Row(
        *("geometry.q", [0.015625, 0.5, 3], {FLUCTUATIONS, INITIALISATION, "tables", "report"}),
        *(GEOMETRY, {RELATION, TRAINING}),
    ),
    Row("geometry.networks", 5, {INITIALISATION, RELATION, "report"}, GEOMETRY),
    Row("geometry.samples", 16, {INITIALISATION, TRAINING, "report"}, GEOMETRY),
    Row("geometry.images", 500, {RELATION, TRAINING, "report"}, GEOMETRY),
    Row("geometry.batch_size", 25, {RELATION, TRAINING, "report"}, GEOMETRY),
    Row("geometry.rates", [1, 2, 3, 4, 5, 6, 7], {TRAINING, "report"}, GEOMETRY),
    Row("geometry.steps", 500, {TRAINING, "report"}, GEOMETRY),
    Row("geometry.loss", 0.4, {TRAINING, "report"}, GEOMETRY),
    Row("geometry.ensemble", 2000, {FLUCTUATIONS, "report"}, GEOMETRY),
    Row("geometry.deepest", 50, {FLUCTUATIONS, "report"}, GEOMETRY),
    Row("related.seed", 1, {"related", "report"}, STUDY),
    Row("related.studies", ["sgld"], {"tables", "report"}, makes={"related", "shared_figures"}),
    Row("related.repeats", 3, {"related", "report"}, STUDY),
    Row("related.length", 0.5, {"related", "report"}, STUDY),
    Row("related.own", {"sgld": {"repeats": 3}}, {"related", "report"}, STUDY),
    Row("related.own", {"implicit_sgd": {"repeats": 3}}, {"report"}, STUDY),
    Row("figures.colours", ["#000000", "#111111", "#222222"], {*DRAWN, "report"}),
    Row("figures.width", 3.3, {*DRAWN, "report"}),
]

Jobs = Mapping[tuple[Any, ...], str]


def keys(section: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Every key of a config, dotted."""
    for name, value in section.items():
        key = f"{above}{name}"
        if isinstance(value, Mapping) and key not in LEAVES:
            yield from keys(value, f"{key}.")
        else:
            yield key


def config(*changes: Mapping[str, Any]) -> dict[str, Any]:
    """The default config with all changes."""
    changed = deepcopy(DEFAULT)
    for key, value in {name: each for change in changes for name, each in change.items()}.items():
        *parents, last = key.split(".")
        section = changed
        for parent in parents:
            section = section[parent]
        section[last] = deepcopy(value)
    return changed


def of_run(run: Run) -> Iterator[tuple[str, Job]]:
    """Every job of a run with its stage."""
    for seed in run.seeds:
        yield "training", Job(run, seed)
        for epoch in run.epochs:
            of_checkpoints = ("gradients", "moments", "rejection")
            yield from ((stage, Job(run, seed, epoch)) for stage in of_checkpoints)
            yield from (("noise", Job(run, seed, epoch, repeat)) for repeat in run.repeats)
            for parameter in run.measured:
                job = Job(run, seed, epoch, parameter=parameter.name)
                yield from ((stage, job) for stage in sorted(LAYERS))
    for seed in run.followed:
        for variant in run.sections.trajectory.variants:
            yield "trajectory", Job(run, seed, variant=variant)
            for one in run.subspaces:
                yield "langevin", Job(run, seed, parameter=one, variant=variant)


def jobs(changed: Mapping[str, Any]) -> Jobs:
    """(stage, place) -> settings, of all jobs of an experiment."""
    experiment = Experiment(changed)
    found: dict[tuple[Any, ...], Any] = {}

    def settings(stage: str, *about: Any) -> Any:
        return import_module(f"stages.{stage}").settings(*about)

    for stage in ("calibration", "control", "tables", "claims", "report"):
        found[stage, ""] = settings(stage, experiment)
    for stage in STUDY_STAGES:
        for name, piece in experiment.pieces(stage).items():
            found[f"{stage} {piece['study']}", name] = settings(stage, piece)
    for name in experiment.sections.related.studies:
        found["related", name] = settings("related", experiment, name)
    for name, section in experiment.data.items():
        found["data", name] = settings("data", section)
    for run in experiment.runs.values():
        for stage, job in of_run(run):
            found[stage, run.name, *job[1:]] = settings(stage, job)
        for name in figures.figures_of(run):
            found["figures", run.name, name] = settings(
                "figures", experiment, Job(run, figure=name)
            )
    for name, stage in figures.shared(experiment).items():
        found["shared_figures", name] = figures.shared_settings(experiment, stage)
    return {job: canonical(each) for job, each in found.items()}


@cache
def usual(given: tuple[tuple[str, str], ...]) -> Jobs:
    """Jobs of the experiment that a row changes."""
    row = next(row for row in ROWS if frozen(row.given) == given)
    return jobs(config(PLAIN, row.given))


def frozen(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((key, repr(value)) for key, value in given.items())


def test_every_key_has_a_row() -> None:
    assert {row.key for row in ROWS} == set(keys(DEFAULT))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_a_key_reaches_the_jobs_that_read_it_and_no_others(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, value = usual(frozen(row.given)), row.value
    if value is PRETRAINED:
        monkeypatch.setattr(training, "CHECKSUMS", tmp_path / "checksums")
        write_networks(tmp_path)
        value = str(tmp_path)
    after = jobs(config(PLAIN, row.given, {row.key: value}))
    assert {job[0] for job in before.keys() & after if before[job] != after[job]} == row.reaches
    assert {job[0] for job in before.keys() ^ after} == row.makes


# Of where a job is, what its settings say: all else is in the names of the files that it reads and writes.
PLACES = {
    "training": {"seed"},
    "gradients": {"seed", "epoch"},
    "moments": {"seed", "epoch"},
    "noise": {"seed", "epoch", "repeat"},
    "gaussianity": set(),
    "clt": {"seed"},
    "tails": {"seed"},
    "rejection": {"seed", "epoch"},
    "trajectory": {"seed", "variant"},
    "langevin": {"seed", "parameter"},
}


@pytest.mark.parametrize("stage", PLACES)
def test_a_job_knows_its_seed_and_place_where_it_draws_by_them(stage: str) -> None:
    two = {OPEN: None, "slow": {"learning_rate": 0.001}}
    experiment = Experiment(config(PLAIN, {"trajectory.variant_definitions": two}))
    one = Job(experiment.runs[RUN], 1, 0, 1, parameter="conv1.weight", variant=OPEN)
    other = {"seed": 2, "epoch": 4, "repeat": 3, "parameter": "conv2.weight", "variant": "slow"}
    settings = import_module(f"stages.{stage}").settings
    told = {
        name
        for name, value in other.items()
        if settings(one._replace(**{name: value})) != settings(one)
    }
    assert told == PLACES[stage]


def test_a_borrowed_network_is_measured_as_its_own_run_says() -> None:
    given = {"runs": [RUN, "two"], "run_definitions": {RUN: None, "two": None}}
    borrowed = given | {"run_definitions": {RUN: None, "two": {"training_from": RUN}}}
    before, after = jobs(config(PLAIN, given)), jobs(config(PLAIN, borrowed))
    changed = {job[0] for job in before.keys() & after if before[job] != after[job]}
    # Of figures, those of the run that borrows: they know whose training it is.
    assert changed == {"figures", "tables", "claims", "report"}
    assert {job[0] for job in before.keys() ^ after} == {"figures"}
    first = borrowed | {"run_definitions": {RUN: None, "two": {"training_from": RUN, "first_seeds": 1}}}  # fmt: skip
    fewer = jobs(config(PLAIN, first))
    assert {job[2] for job in fewer if job[:2] == ("noise", "two")} == {1}
    assert {job[2] for job in fewer if job[:2] == ("noise", RUN)} == {1, 2, 3}
    assert after["tables", ""] != fewer["tables", ""]


def write_networks(folder: Path) -> None:
    """Files named as the networks of every seed and epoch."""
    for seed in DEFAULT["training"]["seeds"]:
        (folder / f"seed-{seed}").mkdir(parents=True, exist_ok=True)
        for epoch in range(DEFAULT["training"]["epochs"] + 1):
            (folder / f"seed-{seed}/epoch-{epoch}.pt").write_bytes(b"%d %d" % (seed, epoch))


def test_networks_trained_elsewhere_are_known_by_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "CHECKSUMS", tmp_path / "checksums")
    write_networks(tmp_path)
    given = config(PLAIN, {"training.path": str(tmp_path)})
    before = jobs(given)
    (tmp_path / "seed-2/epoch-3.pt").write_bytes(b"other weights")
    after = jobs(given)
    assert {job for job in before if before[job] != after[job]} == {
        ("training", RUN, *Job(Experiment(given).runs[RUN], 2)[1:])
    }
