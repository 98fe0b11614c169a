"""Which figures there are, and what they show."""

HEADLINE_FIGURE = "percentage_by_batch_size"


CAPTIONS = {
    "percentage_by_batch_size": (
        "Gaussian coordinates against batch size",
        "Share of a layer's coordinates whose noise passes the Shapiro-Wilk test, per layer and batch "
        "size, at the last measured epoch. The dashed line is what exactly Gaussian noise reaches. "
        "Constant coordinates cannot be tested; the paper counts them as Gaussian.",
    ),
    "percentage_by_epoch": (
        "Gaussian coordinates over training",
        "The same share at every measured epoch, at the smallest and the largest batch size.",
    ),
    "training_curves": (
        "Training",
        "Loss and accuracy on training and test data, and the units that no sample activates.",
    ),
    "predicted_pass_rates": (
        "What the central limit theorem alone predicts",
        "Pass rates predicted from skewness and kurtosis of one half of the per-sample gradients, against "
        "those of mini-batches drawn from the other half; a point per layer and batch size, and single "
        "coordinates in ten bins of the predicted probability.",
    ),
    "gaussian_batch_size": (
        "When is the noise Gaussian?",
        "B*: the smallest batch size that brings 90 % of a layer's live coordinates within 0.01 (Kolmogorov "
        "distance, exact) of the Gaussian, over training; beside it the gradient noise scale.",
    ),
    "third_moments": (
        "Third moments",
        "Standardised third absolute moment of the per-sample gradients: all coordinates of each layer, with "
        "median, quartiles and 5 to 95 %. It is at least 1 by Jensen's inequality; values below 1 in the "
        "paper must be scaled otherwise, so layers are compared by order.",
    ),
    "berry_esseen": (
        "Bound and truth",
        "Left: the Berry-Esseen bound (solid) and the exact distance that it bounds (dashed), medians with "
        "5 to 95 % of coordinates. Right: third moment against the share that passes, growing with the "
        "batch size.",
    ),
    "tail_indices": (
        "Tail indices",
        "Tail index of every coordinate (empirical characteristic function), of those that the Shapiro-Wilk "
        "test rejects, and of Gaussian noise treated alike. A bounded index of 600 Gaussian values is 2 in most "
        "cases. The first bin holds all lower ones. An index below 2 describes the shape of the noise; its variance is finite, since batches are "
        "drawn from finitely many gradients.",
    ),
    "tail_examples": (
        "Light and heavy tails",
        "First row: coordinates of one layer at the smallest batch size, from the heaviest to the lightest tails. "
        "Second row: the heaviest one over batch sizes. Below: the training samples with most weight in the "
        "third and fourth moments of the layer. Black: the normal density.",
    ),
    "stationary_histograms": (
        "Stationary densities",
        "Displacement along Hessian eigenvectors, steps of all replicas: histogram, the Gaussian of the exact "
        "discrete-time variance, that of the small-step limit, and Boltzmann's density in the loss measured along "
        "the same line. Predictions use the measured Hessian and noise and have no free parameter.",
    ),
    "variance_against_curvature": (
        "Variance against curvature",
        "Measured variances with 95 % intervals, the exact prediction, its small-step limit, and the isotropic law "
        "that holds where the noise covariance is proportional to the Hessian and steps are small.",
    ),
    "temperature": (
        "One temperature?",
        "Left: temperature of each eigenvector from positions and, with momentum, from velocities; in equilibrium "
        "all would be equal. Right: variance over its small-step limit, 1 where the isotropic law can hold.",
    ),
    "probability_current": (
        "Probability current",
        "Mean motion (x(t+1) - x(t-1)) / 2 times the density, in the plane of the two eigenvectors that circulate "
        "most; zero in detailed balance.",
    ),
    "entropy_production": (
        "Entropy production",
        "In the span of the leading eigenvectors of every layer and of the model, against how far noise and Hessian "
        "are from commuting. Layers are coupled to the rest of the network, so that only the model's prediction "
        "is exact.",
    ),
    "phase_portrait": (
        "Phase portraits",
        "Position and velocity along the sharpest eigenvector. With momentum the trajectory turns clockwise where "
        "learning rate times curvature lies between (1 - sqrt(momentum))^2 and (1 + sqrt(momentum))^2.",
    ),
    "relaxation": (
        "Relaxation and diffusion",
        "Left: autocorrelations along eigenvectors (points), of the fitted autoregression (lines) and predicted "
        "(dashed). Right: mean squared displacement summed over the recorded eigenvectors.",
    ),
    "coordinates": (
        "Single coordinates",
        "Noise of a typical, the least Gaussian and a dead coordinate of one layer: histograms with the "
        "normal density, and normal quantile plots.",
    ),
}
