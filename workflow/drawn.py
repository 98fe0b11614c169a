"""Which figures a run has data for, and which files they read."""

from plan import Experiment
from planned_run import MODEL, PlannedRun

# Stage whose per-layer results a figure reads besides the tables.
LAYER_FIGURES = {
    "coordinates": "gaussianity",
    "third_moments": "clt",
    "tail_indices": "tails",
    "tail_examples": "tails",
}


# Folders of `gradnoise.figures` and what they show.
FOLDERS = {
    "gaussianity": ("percentage_by_batch_size", "percentage_by_epoch", "coordinates"),
    "clt": ("predicted_pass_rates", "gaussian_batch_size", "third_moments", "berry_esseen"),
    "tails": ("tail_indices", "tail_examples"),
}
# Figures of trajectories.
TRAJECTORY_FIGURES = (
    "stationary_histograms",
    "variance_against_curvature",
    "temperature",
    "probability_current",
    "entropy_production",
    "phase_portrait",
    "relaxation",
)


def module(figure: str) -> str:
    """Module of a figure, below `gradnoise.figures`."""
    folders = {**FOLDERS, "langevin": TRAJECTORY_FIGURES}
    return ".".join([*(name for name, held in folders.items() if figure in held), figure])


def figures_of(run: PlannedRun) -> list[str]:
    """Figures that a run has data for."""
    names = list(TRAJECTORY_FIGURES) if run.followed else []
    if names and not any(_momentum(run, name) for name in run.sections.trajectory.variants):
        names.remove("phase_portrait")
    if run.trained_by == run.name:
        names.append("training_curves")
    return [*names, *_noise_figures(run)] if run.epochs else names


def _momentum(run: PlannedRun, variant: str) -> bool:
    return run.trajectory_settings(run.seeds[0], variant)["momentum"] > 0


def _noise_figures(run: PlannedRun) -> list[str]:
    names = ["percentage_by_batch_size", "coordinates", "tail_indices"]
    if len(run.epochs) > 1:
        names.append("percentage_by_epoch")
    if run.trained_by == run.name:
        names.append("tail_examples")
    stored = run.has_moments and run.sections.noise.strategy != "per_batch"
    if stored:
        names.append("predicted_pass_rates")
    # Moments say nothing of how batches are drawn: a run that borrows its networks has its parent's.
    if run.has_moments and run.trained_by == run.name:
        names += ["third_moments", "berry_esseen"]
        if stored:
            names.append("gaussian_batch_size")
    return names


def figure_layers(experiment: Experiment, run: PlannedRun, figure: str) -> list[str]:
    """Per-layer results that a figure reads: those of the last checkpoint of the first seed."""
    if figure in TRAJECTORY_FIGURES:
        first = f"/seed-{run.seeds[0]}/"
        files = [file for file in experiment.langevin_files(run) if first in file]
        whole = [file for file in files if file.endswith(f"/{MODEL}.h5")]
        return files if figure == "entropy_production" else whole
    if figure not in LAYER_FIGURES:
        return []
    folder = f"{experiment.output}/{run.name}/seed-{run.seeds[0]}/epoch-{max(run.epochs)}"
    return [f"{folder}/{LAYER_FIGURES[figure]}/{parameter.name}.h5" for parameter in run.measured]
