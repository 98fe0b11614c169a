"""Results in an experiment's folder that its config no longer asks for.

A result is what lies where a path of `gradnoise.store.paths` may lie; anything else in the folder, and whatever is
reached through a link, is the user's and never looked at.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from experiment import FIGURE_FORMATS, Experiment
from gradnoise.store.kept import DIGITS
from gradnoise.store.paths import LAYER_STAGES, Checkpoint, Paths
from jobs import WILDCARDS

REMOVED = "removed, but kept for a second attempt"


def wanted(experiment: Experiment) -> set[str]:
    """Every result with a name of its own (of a run, data set or figure) that the config asks for."""
    paths = experiment.paths
    found = {paths.data(name) for name in experiment.data}
    found.update(experiment.training_files(), experiment.langevin_files())
    found.update(experiment.figure_files(), experiment.rejection_files())
    found.update(experiment.studies(), experiment.piece_folders())
    for run in experiment.runs.values():
        last = run.sections.training.epochs
        found.update(paths.checkpoints(run.trained_by, seed) for seed in run.seeds)
        found.update(
            paths.trajectory(Checkpoint(run.name, seed, last), variant)
            for seed in run.followed
            for variant in run.sections.trajectory.variants
        )
    for job in experiment.jobs():
        found.update(paths.layer(stage, job.checkpoint, job.parameter) for stage in LAYER_STAGES)
        found.update(paths.noise(job.checkpoint, repeat) for repeat in job.run.repeats)
        drawn_from = experiment.gradients_of(job)
        found.update((paths.gradients(drawn_from), paths.moments(drawn_from)))
        if job.parts:
            wholes = [paths.noise(job.checkpoint, repeat) for repeat in job.run.repeats]
            wholes.append(paths.gradients(drawn_from))
            of = len(job.parts)
            found.update(paths.part(whole, k + 1, of) for whole in wholes for k in range(of))
    return found


def stale(experiment: Experiment) -> dict[str, list[Path]]:
    """Results on disk that the config does not ask for, with all that belongs to them, and links to removed ones.

    Returns:
        Paths by a name for the reader, relative to the output folder: the largest folder of which nothing is asked
        for, with a slash, a figure, or all figures of a run.
    """
    asked, output = wanted(experiment), Path(experiment.paths.output)
    kept = {parent for path in asked for parent in Path(path).parents}
    found: dict[str, list[Path]] = {}
    for place, result in sorted(_results(output)):
        if str(result) not in asked:
            figure = result.parent == output / "figures"
            name = _figure(result, experiment) if figure else _folder(result, output, kept)
            found.setdefault(name, []).append(place)
        elif place.suffix == ".kept" and not result.exists():
            found.setdefault(REMOVED, []).append(place)
    return found


def _figure(path: Path, experiment: Experiment) -> str:
    run, _, figure = path.stem.partition("-")
    return f"figures/{run}-{figure if run in experiment.runs else '*'}.*"


def _folder(result: Path, output: Path, kept: set[Path]) -> str:
    while result.parent != output and result.parent not in kept:
        result = result.parent
    return str(result.relative_to(output)) + "/" * result.is_dir()


def _results(output: Path) -> Iterator[tuple[Path, Path]]:
    """Every result in a folder with its path; what belongs to one (unfinished work, links, checksums) with that one's."""
    patterns = [_pattern(path) for path in _templates(Paths(output))]
    for folder, folders, files in os.walk(output):
        for name in (*folders, *files):
            place = Path(folder, name)
            hidden = re.fullmatch(rf"\.(.+?)(\.[0-9a-f]{{{DIGITS}}})?\.(work|kept|crc32c)", name)
            result = place.with_name(hidden[1]) if hidden else place
            if any(pattern.fullmatch(str(result)) for pattern in patterns):
                if not place.is_symlink():
                    yield place, result
                if name in folders:
                    folders.remove(name)


def _templates(paths: Paths) -> list[str]:
    """Paths of results with a name of their own, with wildcards."""
    return [
        *(paths.data(), paths.checkpoints(), paths.training(), paths.gradients(), paths.moments()),
        *(paths.noise(), paths.trajectory(), paths.langevin(), paths.study(), paths.piece()),
        *(paths.part(paths.gradients()), paths.part(paths.noise())),
        paths.rejection(),
        *(paths.layer(stage) for stage in LAYER_STAGES),
        *(paths.figure(suffix) for suffix in FIGURE_FORMATS),
    ]


def _pattern(template: str) -> re.Pattern[str]:
    literal = re.escape(template)
    for name, pattern in WILDCARDS.items():
        literal = literal.replace(rf"\{{{name}\}}", f"(?:{pattern})")
    return re.compile(literal)


def remove(path: Path, output: Path) -> None:
    """Remove a result, and the folders that it leaves empty, up to the output folder itself.

    Raises:
        ValueError: for what does not lie in the output folder.
    """
    real = path.parent.resolve()
    if path.is_symlink() or not real.is_relative_to(output.resolve()):
        raise ValueError(f"{path} does not lie in {output}")
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    for folder in path.parents:
        if folder == output or any(folder.iterdir()):
            break
        folder.rmdir()
