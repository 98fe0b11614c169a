"""What an experiment is said to need is what its jobs ask for and its files hold, and the page says it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import sizes
import sizing
from example_config import DEFAULT, ROOT, edited, overlay
from experiment import Experiment, merged
from run import Job

# Networks of 78,500 + 1,010 parameters, of which a run keeps 70 + 60 numbers in the first and 70 + 60 in the second.
CONFIG = edited("training.device", "cpu")
CONFIG |= {"runs": ["parent", "child"], "run_definitions": {"parent": {"first_seeds": 1}}}
CONFIG["run_definitions"]["child"] = {"training_from": "parent", "noise": {"checkpoints": [2]}}
CONFIG["model"] = {**CONFIG["model"], "name": "mlp", "arguments": {"hidden_features": [100]}}
CONFIG["data"] = {**CONFIG["data"], "subset": 900}
CONFIG["training"] |= {"epochs": 5, "seeds": [1, 2], "checkpoints": [2, 3, 5]}
CONFIG["noise"] |= {
    **{"batch_sizes": [10, 30], "batches": 400, "repeats": 7, "coordinates": 70},
    **{"directions": 60, "biases": False, "checkpoints": [2, 5]},
}
CONFIG["gaussianity"]["batches"] = [100, 200, 400]
CONFIG["tails"]["methods"] = ["ecf", "ml"]
CONFIG["trajectory"] |= {
    **{"variants": ["plain"], "steps": 1100, "replicas": 6, "networks": 1, "layers": True},
    **{"eigenvectors": 5, "random_directions": 3, "coordinates": 1},
}


def test_the_page_is_what_the_formulas_say() -> None:
    """Write it anew with `python workflow/sizing.py`."""
    assert sizing.PAGE.read_text() == sizing.page()


def test_the_third_example_has_25_million_weights_at_the_settings_of_the_first() -> None:
    first, third = (
        next(iter(sizing.read(sizing.EXAMPLES[title]).runs.values()))
        for title in ("AlexNet", "A network of 25 million weights")
    )
    assert abs(third.weights / 25e6 - 1) < 0.01
    for section in ("data", "training", "noise", "gaussianity", "tails"):
        assert getattr(third.sections, section) == getattr(first.sections, section)


def test_jobs_are_those_that_snakemake_counts(tmp_path: Path) -> None:
    """Three jobs write each store of gradients and noise, and a fourth puts it together."""
    (tmp_path / "shards.yaml").write_text("noise: {shards: 3}\n")
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--forceall", "--cores", "2"]
    command += ["--configfile", "config.yaml", str(tmp_path / "shards.yaml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    assert done.returncode == 0, text[-3000:]
    table = text.split("Job stats:")[1].split("\n\n")[0]
    counted = {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.M)}
    assert counted.pop("total") == 1 + sum(counted[rule] for rule in counted if rule != "all")
    counted["figures"] += counted.pop("shared_figures")
    for stage in ("gradients", "noise"):
        assert counted[f"{stage}_part"] == 3 * counted[stage]
        counted[stage] += counted.pop(f"{stage}_part")
    del counted["all"]
    experiment, found = Experiment(edited("noise.shards", 3)), dict.fromkeys(counted, 0)
    for name in (*experiment.runs, sizing.WHOLE):
        for stage, need in sizing.needs(experiment, name).items():
            found[stage] += need.jobs
    assert found == counted


def test_jobs_of_a_run_that_borrows_networks_are_counted_once() -> None:
    # The child has both seeds at epoch 2; the parent the first, at epochs 2 and 5. They share gradients of one network.
    experiment = Experiment(CONFIG)
    jobs = {
        name: {stage: need.jobs for stage, need in sizing.needs(experiment, name).items()}
        for name in experiment.runs
    }
    layers = {"gaussianity": 2, "clt": 2, "tails": 2, "rejection": 2}
    followed = {"trajectory": 1, "langevin": 3}
    assert jobs["parent"] == {
        **{"training": 2, "gradients": 2, "noise": 2 * 7, "moments": 2},
        **layers,
        **followed,
    }
    assert jobs["child"] == {"gradients": 1, "noise": 2 * 7, "moments": 1, **layers, **followed}


def test_stored_bytes_by_hand() -> None:
    run = Experiment(CONFIG).runs["parent"]
    assert run.weights == 784 * 100 + 100 + 100 * 10 + 10
    layer = Job(run, 1, 5, layers=("linear1.weight", "linear2.weight"))
    expected = {
        "training": 4 * (78_400 + 100 + 1_000 + 10) * 4,  # epochs 0, 2, 3, 5
        "gradients": 4 * 900 * 2 * (70 + 60),
        "noise": 4 * 2 * 400 * 2 * (70 + 60),
        "moments": 6 * 8 * 2 * 70,
        # W, its p-value, A2, its p-value and the mean in double precision, three of single precision and a class.
        "gaussianity": (5 * 8 + 3 * 4 + 1) * 2 * 3 * 7 * 2 * (70 + 60),
        "clt": (9 * 2 * 3 * 7 + 16 * 20) * 2 * 70,
        "tails": (4 + 4 + 1) * 2 * 7 * 2 * 2 * 70,
        "trajectory": 2 * 4 * 6 * 1100 * 9 * 3,  # of two layers and the model
        "langevin": 0,
    }
    found = {stage: sizing.stored(stage, layer._replace(variant="plain")) for stage in expected}
    assert found == expected


def test_nothing_is_stored_of_gradients_where_batches_are_computed_one_by_one() -> None:
    run = Experiment(merged(CONFIG, {"noise": {"strategy": "per_batch"}})).runs["parent"]
    layer = Job(run, 1, 5, parameter="linear1.weight")
    assert sizing.stored("gradients", layer) == sizing.stored("clt", layer) == 0
    assert sizing.stored("noise", layer) == 4 * 2 * 400 * 2 * (70 + 60)
    assert sizing.stored("moments", layer) == 6 * 8 * 2 * 70


def test_sums_and_the_most_of_one_job() -> None:
    one = sizing.Needs(2, memory=30, minutes=5, gpu=0, hours=7.0, beyond=1.5, stored=11.0)
    two = sizing.Needs(3, memory=20, minutes=13, gpu=1, hours=17.0, beyond=0.25, stored=19.0)
    assert sizing.summed([one, two]) == (5, 30, 13, 1, 24.0, 1.75, 30.0)
    asked = [sizes.Resources(40, 25, least=10), sizes.Resources(60, 15, gpu=1, least=10)]
    found = sizing._together([(asked[0], 3.0), (asked[1], 4.0)], of_run=True)
    assert found == (2, 60, 25, 1, 40 / 60, 20 / 60, 7.0)


def test_no_job_of_a_run_asks_for_less_than_its_least() -> None:
    for config in (CONFIG, merged(DEFAULT, overlay("resnet56"))):
        experiment = Experiment(config)
        for run in experiment.runs:
            for stage, need in sizing.needs(experiment, run).items():
                assert 0 <= need.beyond < need.hours, stage


def sizes_program(*files: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "workflow/sizes.py", *files]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_prints_what_the_page_says_of_a_config() -> None:
    done = sizes_program(*sizing.EXAMPLES["A network of 25 million weights"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("`alexnet_25_million`: 25,0")
    assert done.stdout.strip() in sizing.PAGE.read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("noise:\n  batchs: 3\n", "noise.batchs: unknown key"),
        ("noise: [", "overlay.yaml"),
        (None, "overlay.yaml"),
    ],
)
def test_a_config_that_cannot_be_run_is_one_message(
    tmp_path: Path, text: str | None, message: str
) -> None:
    file = tmp_path / "overlay.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SystemExit) as stopped:
        sizing.main([str(file)])
    assert message in str(stopped.value)


@pytest.mark.parametrize("files", [[], ["--help"]])
def test_without_a_config_the_command_says_how_it_is_used(files: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"CONFIG \[CONFIG"):
        sizing.main(files)
