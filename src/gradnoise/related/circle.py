"""A wide network on the unit circle: its tangent kernel's modes are frequencies, and gradient descent learns them one by one.

ReLU networks of one hidden layer, f(x) = w . relu(V x) / sqrt(units), with both layers trained from standard normal
weights. Inputs are n equally spaced angles, (cos, sin, 1) / sqrt 2, so that the kernel of infinite width (Jacot et al.,
arXiv:1806.07572; arc-cosine kernels of Cho and Saul, NIPS 2009) is circulant and its eigenvectors are those of the
Fourier transform. With heavy ball the component r of the residual at the eigenvalue h obeys
r' = (1 + mu - eta h) r - mu r_before.
"""

import numpy as np

from gradnoise.related.study import Floats, Settings

POINTS, UNITS = 32, 2048
AMPLITUDE = 0.02  # of every wave: at 1 the kernel moves, and high frequencies take twice as long
FREQUENCIES = (1, 2, 3, 4, 6)
STEP = 0.5  # rate times the largest eigenvalue
LEARNT = 0.2  # of a component's start, below which it counts as learnt
Weights = tuple[Floats, Floats]


def inputs() -> Floats:
    """(points, 3)."""
    angles = 2 * np.pi * np.arange(POINTS) / POINTS
    return np.asarray(np.stack([np.cos(angles), np.sin(angles), np.ones(POINTS)], axis=1) / 2**0.5)


def kernel(cosine: Floats) -> Floats:
    """Tangent kernel of infinite width between inputs of norm 1, by their cosine.

    >>> [round(float(kernel(np.array(c))), 6) for c in (1.0, 0.0, -1.0)]
    [1.0, 0.159155, 0.0]
    """
    angle = np.arccos(np.clip(cosine, -1, 1))
    # The first layer's weights give the second summand once, those of the second layer both.
    return np.asarray((np.sin(angle) + 2 * cosine * (np.pi - angle)) / (2 * np.pi))


def eigenvalues() -> Floats:
    """Of the kernel matrix over n, at each of the frequencies."""
    points = inputs()
    spectrum = np.fft.rfft(kernel(points @ points[0])).real / POINTS
    return np.asarray(spectrum[list(FREQUENCIES)])


def rate() -> float:
    """Learning rate: `STEP` over the largest eigenvalue, that of frequency 0 or 1."""
    points = inputs()
    return float(STEP / np.fft.rfft(kernel(points @ points[0])).real.max() * POINTS)


def settled(components: Floats) -> Floats:
    """Steps (...,) until a component (steps, ...) is below a fifth of its start for good; all steps where it is not.

    >>> settled(np.array([[1.0, 2.0], [-0.1, 1.0], [0.5, 0.1], [0.1, 0.1]]))
    array([3., 2.])
    """
    above = np.abs(components) >= LEARNT * np.abs(components[0])
    last = len(components) - 1 - above[::-1].argmax(axis=0)
    return last + 1.0


def predicted_steps(momentum: float, steps: int = 5000) -> Floats:
    """The same (frequencies,) by the recursion of each eigenvalue.

    >>> [int(steps) for steps in predicted_steps(0.0)]
    [8, 66, 313, 595, 1392]
    """
    from scipy.signal import lfilter

    start = np.zeros(steps)
    start[0] = 1.0
    rows = [
        lfilter([1.0, -momentum], [1.0, -(1 + momentum - rate() * h), momentum], start)
        for h in eigenvalues()
    ]
    return settled(np.array(rows).T)


def gradients(weights: Weights, points: Floats, targets: Floats) -> tuple[Weights, Floats]:
    """Gradients of sum of (f - y)^2 / (2 n), and the residual f - y (points,)."""
    inner, outer = weights
    reached = points @ inner.T
    hidden = np.maximum(reached, 0)
    residual = hidden @ outer / np.sqrt(len(outer)) - targets
    share = residual / (np.sqrt(len(outer)) * len(points))
    back = (share[:, None] * (reached > 0)) * outer
    return (back.T @ points, hidden.T @ share), np.asarray(residual)


def learn(settings: Settings, repeat: int, momentum: float) -> Floats:
    """Steps (frequencies,), at most twice those predicted for the slowest, until a network has learnt each frequency of its target, a sum of waves of random phase.

    The target is added to what the network says at its start, so that every component starts alike.
    """
    random = settings.random("momentum_and_spectral_bias", "network", repeat)
    points, step, units = inputs(), rate(), settings.scaled(UNITS, least=256)
    steps = int(2 * predicted_steps(momentum).max())
    weights = random.standard_normal((units, 3)), random.standard_normal(units)
    phases = random.uniform(0, 2 * np.pi, len(FREQUENCIES))
    angles = 2 * np.pi * np.arange(POINTS) / POINTS
    waves = np.cos(np.outer(FREQUENCIES, angles) + phases[:, None])
    targets = AMPLITUDE * waves.sum(axis=0) + gradients(weights, points, np.zeros(POINTS))[1]
    before, seen = weights, np.empty((steps, len(FREQUENCIES)))
    for count in range(steps):
        along, residual = gradients(weights, points, targets)
        seen[count] = -2 / (AMPLITUDE * POINTS) * waves @ residual
        ahead = [
            now - step * slope + momentum * (now - old)
            for now, slope, old in zip(weights, along, before, strict=True)
        ]
        before, weights = weights, (ahead[0], ahead[1])
    return settled(seen)
