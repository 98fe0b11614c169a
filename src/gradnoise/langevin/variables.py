"""The HDF5 file of one subspace of one trajectory: what it holds."""

from gradnoise.store.variables import GRADIENT_UNITS, Variable
from gradnoise.trajectory.store import CURVATURE, LENGTH, SLICES

STAGE, TABLE = "langevin", "directions"

_AREA = f"({LENGTH})^2"
_VARIANCE = f"({GRADIENT_UNITS})^2"
_RATE = f"({LENGTH})^2 per step"
_LAGS = ("direction", "lag")
_PAIR = ("eigenvector", "other_eigenvector")
_PATH = ("path_step", "direction")

# Arrays of the whole; those of slices are missing but for the whole model.
ARRAYS: dict[str, tuple[Variable, ...]] = {
    "": (
        Variable("autocorrelation", "autocorrelation of the position", "1", _LAGS),
        Variable("predicted_autocorrelation", "the same, exact", "1", _LAGS),
        Variable("displacement", "mean squared displacement, eigenvectors", _AREA, ("lag",)),
        Variable("predicted_displacement", "the same, exact", _AREA, ("lag",)),
        Variable("histogram_edges", "standard deviations from the mean", "1", ("edge",)),
        Variable("histogram", "density of the position", "1", ("direction", "bin")),
        Variable("histogram_error", "its standard error", "1", ("direction", "bin")),
        Variable("area_rate_measured", "area swept by pairs", _RATE, _PAIR),
        Variable("area_rate_error", "its standard error", _RATE, _PAIR),
        Variable("area_rate_predicted", "the same, exact", _RATE, _PAIR),
        Variable("area_rate_predicted_error", "its standard error", _RATE, _PAIR),
        Variable("vector_curvature", "Hessian of a joint autoregression", CURVATURE, _PAIR),
        Variable("vector_curvature_error", "its standard error", CURVATURE, _PAIR),
        Variable("vector_momentum", "momentum of the joint fit", "1", _PAIR),
        Variable("vector_noise_covariance", "noise of the joint fit", _VARIANCE, _PAIR),
        Variable("path_position", "first steps of the first replica", LENGTH, _PATH),
        Variable("path_velocity", "the same, velocity", LENGTH, _PATH),
        *SLICES,
    )
}


def _with_error(name: str, long_name: str, units: str = "1") -> tuple[Variable, Variable]:
    return (
        Variable(name, long_name, units),
        Variable(f"{name}_error", f"{long_name}: standard error", units),
    )


def _with_bounds(name: str, of: str) -> tuple[Variable, ...]:
    return (
        Variable(name, f"coefficient of variation {of}"),
        *(Variable(f"{name}_{end}", f"{end} 95 % bound of it") for end in ("lower", "upper")),
    )


def _autoregression(name: str, order: int) -> tuple[Variable, ...]:
    of = f"of an autoregression of order {order}"
    return (
        *_with_error(f"{name}_curvature", f"curvature {of}", CURVATURE),
        *_with_error(f"{name}_momentum", f"momentum {of}"),
        *_with_error(
            f"{name}_noise_variance", f"variance of the mini-batch gradient {of}", _VARIANCE
        ),
        *_with_error(f"{name}_temperature", f"temperature {of}", "loss"),
        Variable(f"{name}_resolved", "ten relaxation times or more were recorded", ""),
    )


# One row for every direction. What is predicted is NaN for directions that are no eigenvectors.
TABLES: dict[str, tuple[Variable, ...]] = {
    TABLE: (
        Variable("direction", "number of the direction, from 0"),
        Variable("kind", "eigenvector, random or coordinate", ""),
        Variable("eigenvalue", "of the Hessian at the start of recording", CURVATURE),
        Variable("mean", "mean displacement from the start", LENGTH),
        *_with_error("variance", "variance of the position", _AREA),
        Variable("kurtosis", "fourth standardised moment of the position"),
        Variable("velocity_variance", "variance of the steps", _AREA),
        *_with_error("curvature", "Hessian along the direction, with weight decay", CURVATURE),
        *_with_error("noise_variance", "variance of the mini-batch gradient", _VARIANCE),
        *_with_error("predicted_variance", "exact variance of the position", _AREA),
        *_with_error("continuous_variance", "its small-step (Langevin) limit", _AREA),
        Variable("predicted_velocity_variance", "exact variance of the steps", _AREA),
        Variable("predicted_temperature", "learning rate C / 2(1 - momentum)", "loss"),
        Variable("predicted_autocorrelation_time", "exact 1 + 2 sum rho", "steps"),
        Variable("predicted_frequency", "exact, of the oscillation", "radians per step"),
        Variable("predicted_asymmetry", "exact third-order time asymmetry", f"({LENGTH})^3"),
        *_with_error("temperature", "of positions, finite steps taken out", "loss"),
        *_with_error("kinetic_temperature", "of steps, likewise, corrected mapping", "loss"),
        *_with_error("kinetic_ratio", "kinetic over configurational temperature"),
        *_autoregression("first", 1),
        *_autoregression("second", 2),
        Variable("ornstein_uhlenbeck_curvature", "of a continuous reading", CURVATURE),
        Variable("order", "of the autoregression with the smallest BIC"),
        Variable("ljung_box_pvalue", "that its residuals are white"),
        Variable("friction", "of the Langevin oscillator", "per unit of Langevin time"),
        Variable("frequency", "fitted, of the oscillation", "radians per step"),
        Variable("kinetic_time_step", "Langevin time a step", "unit of Langevin time"),
        Variable("autocorrelation_time", "1 + 2 sum rho", "steps"),
        Variable("effective_sample_size", "independent positions"),
        Variable("split_r_hat", "disagreement of half replicas, 1 for none"),
        Variable("mean_drift", "of the mean, last third less first", "standard errors"),
        Variable("variance_drift", "of the log variance, last third less first", "standard errors"),
        Variable("stationarity_pvalue", "that thirds and replicas agree, Holm over directions"),
        Variable("stationarity_power", "to see a shift of half a deviation or variance"),
        Variable("stationary", "they agree at 5 %; no where too short to tell", ""),
        *_with_error("asymmetry", "third-order time asymmetry", f"({LENGTH})^3"),
        *_with_error(
            "minimum_distance", "of the slice's minimum from the mean", "standard deviations"
        ),
        *_with_error("boltzmann_temperature", "of Boltzmann's law in the measured loss", "loss"),
        Variable("boltzmann_bic_difference", "Gaussian less Boltzmann: positive for Boltzmann"),
    )
}

# Attributes of the file that say how the trajectory was made.
DYNAMICS: tuple[Variable, ...] = (
    Variable("learning_rate", "of SGD", "squared unit of the parameter per loss"),
    Variable("momentum", "of SGD"),
    Variable("nesterov", "whether the momentum is Nesterov's", ""),
    Variable("weight_decay", "coefficient of the L2 penalty"),
    Variable("batch_size", "mini-batch size", "samples"),
    Variable("sampling", "how mini-batches are drawn", ""),
    Variable("burn_in", "steps before the recorded ones", "steps"),
    Variable("steps", "recorded ones of every replica", "steps"),
    Variable("replicas", "independent runs from the checkpoint"),
    Variable("snapshots", "measurements of Hessian and noise along the trajectory"),
    Variable("converged", "whether the eigensolver reached its tolerance", ""),
)

# Attributes of the file that stand for the subspace.
NUMBERS: tuple[Variable, ...] = (
    Variable("commutator", "|CH - HC| / (|C| |H|) of noise and Hessian"),
    Variable("isotropy_ratio", "largest over smallest eigenvalue of the noise"),
    Variable("largest_step", "largest learning rate times curvature"),
    *_with_error("noise_exponent", "gamma of C ~ H^gamma"),
    *_with_error("variance_exponent", "of variance ~ H^exponent"),
    *_with_error("predicted_variance_exponent", "the same of the exact variance"),
    *_with_error("entropy_production", "measured", "nats per step"),
    *_with_error("predicted_entropy_production", "exact", "nats per step"),
    Variable("null_entropy_production", "95 % quantile of commuting surrogates", "nats per step"),
    *_with_error("arrow_log_odds", "that the film runs forward", "nats"),
    Variable("arrow_score", "these over their error", "standard errors"),
    Variable("arrow_expected", "exact entropy production in all steps", "nats"),
    *_with_error("arrow_amplitude", "log-odds over expected ones, both errors"),
    Variable("control_arrow_score", "of a reversible surrogate", "standard errors"),
    *_with_error("noise_over_gradient", "trace of mini-batch noise over mean gradient squared"),
    *_with_bounds("noise_trace_variation", "of the noise's trace over snapshots"),
    *_with_bounds("noise_top_variation", "of its largest eigenvalue over snapshots"),
    *_with_error("diffusion_exponent", "of displacement ~ lag^exponent"),
    Variable("last_diffusion_exponent", "the same at the longest lags"),
    *_with_error("flatness_exponent", "psi of variance ~ flatness^-psi"),
    Variable("first_share", "share of variance in the first principal direction"),
    Variable("random_walk_share", "the same of a random walk"),
    *_with_error("batch_sharpness", "curvature of batches along their gradients", CURVATURE),
    Variable("stability_limit", "curvature above which steps are unstable", CURVATURE),
    Variable("vector_asymmetry", "antisymmetric share of the joint fit's Hessian"),
    Variable("vector_asymmetry_pvalue", "that sampling error alone makes it so large"),
    Variable("peak_distance", "from the loss's minimum to the mean", "standard deviations"),
)
