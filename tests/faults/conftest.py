"""One tiny experiment for all tests of faults, and the notes of what was tried."""

import fcntl
import pickle
from collections.abc import Iterator

import pytest

import example_experiment
from example_experiment import TinyExperiment
from example_outcomes import Outcomes


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> TinyExperiment:
    """The finished experiment: run once for all processes of the tests; a copy of it for this one."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "tiny-experiment"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        record = shared.with_suffix(".pickle")
        if not record.exists():
            record.write_bytes(pickle.dumps(example_experiment.create(shared)))
    found = pickle.loads(record.read_bytes())
    example_experiment.preload(found.jobs)
    return example_experiment.copied(found, tmp_path_factory.mktemp("faults") / "project")


@pytest.fixture
def experiment(finished: TinyExperiment) -> Iterator[TinyExperiment]:
    """The experiment; a test leaves it as it was, or fails."""
    yield finished
    for job in finished.jobs:
        assert finished.found(job) == finished.of(job), job.rule


@pytest.fixture
def outcomes(request: pytest.FixtureRequest) -> Outcomes:
    return Outcomes(request)
