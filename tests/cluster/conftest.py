"""A Slurm for all tests here, and the scenarios that they look at."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cluster.experiments import Project, prepare
from cluster.private_slurm import Slurm, missing
from cluster.scenarios import SCENARIOS, Scenario

AT_ONCE = 4  # each is a Snakemake and a job


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """No Slurm is started unless the folder or the mark is named."""
    named = [*map(str, config.invocation_params.args), config.option.markexpr]
    return None if any("cluster" in each for each in named) else True


@pytest.fixture(scope="session")
def slurm() -> Iterator[Slurm]:
    if missing():
        pytest.skip(
            f"needs {', '.join(missing())}: apt-get install slurmctld slurmd slurm-client munge"
        )
    # Sockets have short paths.
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, Slurm(Path(folder)) as running:
        yield running


@pytest.fixture(scope="session")
def after(
    slurm: Slurm, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[[Scenario], Project]]:
    """Project after a scenario. All that the tests ask for begin with the first, side by side."""
    folder, projects = tmp_path_factory.mktemp("cluster"), list[Project]()
    params = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = {each["project"] for each in params if "project" in each}

    def prepared(happen: Scenario, fresh: Path) -> Project:
        shutil.copytree(fresh, folder / happen.__name__, symlinks=True)
        project = Project(folder / happen.__name__, slurm.environment)
        projects.append(project)
        happen(project, slurm)
        return project

    fresh: dict[int, Path] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = {}
        for each, experiment in SCENARIOS.items():
            if each not in wanted:
                continue
            if id(experiment) not in fresh:
                fresh[id(experiment)] = folder / f"experiment-{len(fresh)}"
                prepare(fresh[id(experiment)], experiment)
            found[each] = pool.submit(prepared, each, fresh[id(experiment)])
        yield lambda scenario: found[scenario].result()
        pool.shutdown(wait=False, cancel_futures=True)
        for each in projects:
            each.end()


@pytest.fixture
def project(after: Callable[[Scenario], Project], request: pytest.FixtureRequest) -> Project:
    return after(request.param)
