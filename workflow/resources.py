"""What a job needs: threads, memory, minutes and GPUs, from the config's sizes.

Estimates for a scheduler, generous by a factor of two or so; they never change a result.
"""

from planned_run import PlannedRun

# Forward and backward passes per second for a network of a million weights on images of 32 x 32 pixels.
CPU_RATE, GPU_RATE = 1_000, 20_000
BASE_MB = 2_500  # Python with torch loaded


def gpu(run: PlannedRun) -> int:
    """GPUs of a job that computes gradients: one unless the config says `device: cpu` or `mps`."""
    return int(run.sections.training.device in ("auto", "cuda"))


def sampling_gpu(run: PlannedRun) -> int:
    """GPUs of a noise job: none where batches can only be drawn from stored per-sample gradients."""
    return 0 if run.sections.noise.strategy == "per_sample" else gpu(run)


def training_memory(run: PlannedRun) -> int:
    """MiB: the data as float32 twice, and the network's state."""
    return BASE_MB + 2 * _data_mb(run) + 12 * _weights(run) * 4 // 2**20


def training_minutes(run: PlannedRun) -> int:
    """Minutes for all epochs."""
    return _minutes(run, run.samples * run.sections.training.epochs * 1.5)


def sampling_memory(run: PlannedRun) -> int:
    """MiB: the data, the network and the buffers that the config allows."""
    return BASE_MB + 2 * _data_mb(run) + int(2 * run.sections.noise.memory * 1024)


def gradients_minutes(run: PlannedRun) -> int:
    """Minutes for per-sample gradients of the whole data set."""
    return _minutes(run, run.samples * 10)


def noise_minutes(run: PlannedRun) -> int:
    """Minutes for one repeat, from mini-batches (the slower of the two ways)."""
    noise = run.sections.noise
    samples = noise.batches * max(noise.batch_sizes)
    passes = sum(noise.batch_sizes) / max(noise.batch_sizes)
    return _minutes(
        run, samples * (passes if noise.batch_norm_mode == "train" else 1) + run.samples
    )


def statistics_threads(run: PlannedRun) -> int:
    """One thread a job while layers are small, so that layers run side by side; four for large ones."""
    largest = max(run.values(parameter) for parameter in run.measured)
    return 1 if largest <= 50_000 else 4


def statistics_memory(run: PlannedRun) -> int:
    """MiB: a block of coordinates at a time, all results of a layer."""
    largest = max(run.values(parameter) for parameter in run.measured)
    tests = len(run.sections.noise.batch_sizes) * len(run.sections.gaussianity.batches)
    return 1_000 + largest * tests * len(run.repeats) * 64 // 2**20


def statistics_minutes(run: PlannedRun) -> int:
    """Minutes for all tests of one layer, at 20 microseconds a test."""
    largest = max(run.values(parameter) for parameter in run.measured)
    tests = len(run.sections.noise.batch_sizes) * len(run.sections.gaussianity.batches)
    return 5 + int(largest * tests * len(run.repeats) * 20e-6 / 60)


def clt_memory(run: PlannedRun) -> int:
    """MiB: some columns of all per-sample gradients at a time, and batches drawn from them."""
    return 2_000 + statistics_memory(run) + run.samples * 512 // 2**20


def clt_minutes(run: PlannedRun) -> int:
    """Minutes for the tests of held-out batches and the exact distances of one layer."""
    sizes = len(run.sections.noise.batch_sizes)
    exact = run.sections.clt.exact_coordinates * sizes * run.samples * 1e-6 / 60
    return 2 * statistics_minutes(run) + int(exact)


def tails_minutes(run: PlannedRun) -> int:
    """Minutes for all estimates of one layer, at 20 microseconds each, or 2 milliseconds by likelihood."""
    largest = max(run.values(parameter) for parameter in run.measured)
    series = largest * len(run.sections.noise.batch_sizes) * len(run.repeats)
    cost = 2e-3 if "ml" in run.sections.tails.methods else 20e-6
    return 10 + int(2 * series * cost / 60)


def trajectory_memory(run: PlannedRun, variant: str) -> int:
    """MiB: the data, every replica's state, the directions, and a block of steps."""
    section = run.sections.trajectory.variant(variant)
    directions = section.eigenvectors + section.random_directions + section.coordinates
    vectors = 4 * section.replicas + 2 * directions + 2 * section.eigenvectors + 8
    return BASE_MB + 2 * _data_mb(run) + vectors * _weights(run) * 4 // 2**20


def trajectory_minutes(run: PlannedRun, variant: str) -> int:
    """Minutes for the steps of all replicas, and the Hessians of all subspaces."""
    section = run.sections.trajectory.variant(variant)
    steps = (section.burn_in + section.steps) * section.replicas * section.batch_size
    directions = section.eigenvectors + section.random_directions + section.coordinates
    samples = section.curvature_samples or run.samples
    products = len(run.subspaces) * (10 * section.eigenvectors + section.snapshots * directions)
    return _minutes(run, steps + 3 * samples * products)


def langevin_memory(run: PlannedRun, variant: str) -> int:
    """MiB: all steps along all directions of one subspace, several times over."""
    section = run.sections.trajectory.variant(variant)
    directions = section.eigenvectors + section.random_directions + section.coordinates
    return 1_000 + section.steps * section.replicas * directions * 8 * 12 // 2**20


def _weights(run: PlannedRun) -> int:
    return sum(parameter.size for parameter in run.parameters)


def _data_mb(run: PlannedRun) -> int:
    shape = run.description.input_shape if run.description else (3, 32, 32)
    size = 4 * run.samples
    for length in shape:
        size *= length
    return size // 2**20


def _minutes(run: PlannedRun, passes: float) -> int:
    rate = GPU_RATE if gpu(run) else CPU_RATE
    return 10 + int(2 * passes * max(_weights(run), 100_000) / 1e6 / rate / 60)
