"""Compiled ensembles against exact laws and against SGD in plain NumPy."""

import numpy as np
import pytest
from scipy import stats

from gradnoise import stage
from gradnoise.balance import (
    diagonal_cdf,
    diagonal_quantiles,
    growth_rate,
    sample_diagonal,
    sample_units,
)

CRITICAL = 1.63  # of Kolmogorov's distance x sqrt(n), at 1 %


def distance(v, *population):
    return stats.kstest(v, lambda at: diagonal_cdf(at, *population)).statistic


@pytest.mark.parametrize(
    ("depth", "r", "time"),
    [(0, 0.25, 12), (1, 0.25, 12), (1, 0.5, 30), (2, 0.5, 12), (3, 0.25, 12)],
)
def test_ensembles_have_the_exact_law(depth, r, time):
    eta = 2 * r / 900
    v = sample_diagonal(depth, eta, 1, int(time / eta), 4000, seed=3, label_noise=30.0)
    # The law of the differential equation: the step's own length counts less than 4,000 replicas can tell.
    assert distance(v, depth, eta, 1.0, 30.0) < CRITICAL / np.sqrt(4000)
    wrong = distance(v, depth, 1.3 * eta, 1.0, 30.0)
    assert wrong > CRITICAL / np.sqrt(4000)


@pytest.mark.slow
def test_twenty_thousand_replicas_at_half_the_critical_temperature():
    eta = 1 / 900
    v = sample_diagonal(1, eta, 1, 30 * 900, 20_000, seed=1, label_noise=30.0)
    assert distance(v, 1, eta, 1.0, 30.0) < 0.0115
    assert v.mean() == pytest.approx(0.5, abs=0.02)
    assert v.var() == pytest.approx(0.5, rel=0.06)


@pytest.mark.parametrize("width", [1, 4])
def test_batches_and_width_enter_as_the_law_says(width):
    eta, batch, replicas = 0.004, 3, 3000
    population = 2, eta / batch, 1.5, 20.0, "rademacher", width
    v = sample_diagonal(
        2, eta, batch, 6000, replicas, seed=5, slope=1.5, label_noise=20.0, width=width
    )
    assert distance(v, *population) < CRITICAL / np.sqrt(replicas)
    assert distance(v, *population[:-1], 5 - width) > 3 * CRITICAL / np.sqrt(replicas)


def test_normal_inputs_have_their_law():
    v = sample_diagonal(1, 0.004, 1, 3000, 3000, seed=0, label_noise=10.0, inputs="gaussian")
    assert distance(v, 1, 0.004, 1.0, 10.0, "gaussian") < CRITICAL / np.sqrt(3000)
    normal = sample_diagonal(0, 0.1, 2, 300, 3000, seed=0, inputs="gaussian", noise="gaussian")
    exact = 0.1 / 2 / (2 - 0.1 * (1 + 2 / 2))  # of langevin.multiplicative_variance
    assert normal.var() == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize("inputs", ["rademacher", "gaussian"])
@pytest.mark.parametrize("noise", ["rademacher", "gaussian"])
@pytest.mark.parametrize(("depth", "batch"), [(0, 2), (1, 5), (2, 3)])
def test_steps_are_those_of_plain_numpy(depth, batch, inputs, noise):
    eta, steps, replicas, k, s = 0.05, 40, 20_000, 0.8, 1.7
    random = np.random.default_rng(11)

    def drawn(law):
        shape = replicas, batch
        return (
            random.standard_normal(shape) if law == "gaussian" else random.choice([-1.0, 1], shape)
        )

    factors = [np.full(replicas, k ** (1 / (depth + 1))) for _ in range(depth + 1)]
    for _ in range(steps):
        x = drawn(inputs)
        y = k * x + s * drawn(noise)
        v = np.prod(factors, axis=0)
        slope = ((v[:, None] * x - y) * x).mean(axis=1)
        factors = [u - eta * slope * v / u for u in factors]
    plain = np.prod(factors, axis=0)
    ours = sample_diagonal(depth, eta, batch, steps, replicas, 8, k, s, inputs, noise)
    # Two signs a step and depth 0 leave few values; their odds are compared all the same.
    assert np.unique(ours).size > 30
    assert stats.ks_2samp(plain.round(9), ours.round(9)).pvalue > 1e-3
    assert plain.mean() == pytest.approx(ours.mean(), abs=5 * plain.std() / np.sqrt(replicas))
    assert plain.var() == pytest.approx(ours.var(), rel=0.1)


def test_threads_and_further_replicas_change_nothing(monkeypatch):
    for inputs in ("rademacher", "gaussian"):
        found = []
        for threads, replicas in ((1, 200), (3, 200), (2, 130)):
            monkeypatch.setattr(stage, "available_threads", lambda threads=threads: threads)
            found.append(sample_diagonal(2, 0.01, 2, 100, replicas, seed=4, inputs=inputs))
        np.testing.assert_array_equal(found[0], found[1])
        np.testing.assert_array_equal(found[0][:130], found[2])
        assert np.unique(found[0]).size == 200


def test_seeds_differ():
    first, second = (sample_diagonal(1, 0.01, 2, 100, 50, seed) for seed in (0, 1))
    assert not np.isin(first, second).any()


def test_replicas_are_independent():
    v = sample_diagonal(0, 1e-4, 1, 640, 4000, seed=2).reshape(2, -1)
    assert abs(np.corrcoef(v)[0, 1]) < 0.08
    assert v.var() == pytest.approx(640e-8, rel=0.1)


def test_diverged_replicas_are_nan_and_others_are_not():
    v = sample_diagonal(3, 0.004, 1, 3000, 500, seed=0, label_noise=30.0, noise="gaussian")
    share = np.isnan(v).mean()
    assert 0.02 < share < 0.98
    assert np.isfinite(v[~np.isnan(v)]).all()
    with np.errstate(all="raise"):
        assert np.isnan(sample_diagonal(0, 2.5, 1, 5000, 10, seed=0)).all()
    assert np.isfinite(sample_diagonal(0, 1.9, 1, 5000, 10, seed=0)).all()


def test_above_the_transition_depth_one_collapses_at_the_exact_rate():
    eta, steps = 3 * 2 / 900, 8000
    v = sample_diagonal(1, eta, 1, steps, 4000, seed=7, label_noise=30.0)
    # The first steps, away from 0, are left out.
    early = sample_diagonal(1, eta, 1, steps // 4, 4000, seed=7, label_noise=30.0)
    rate = (np.log(v) - np.log(early)).mean() / (steps - steps // 4)
    assert rate == pytest.approx(growth_rate(eta, label_noise=30.0), rel=0.02)
    assert np.median(sample_diagonal(1, eta, 1, 100_000, 500, seed=7, label_noise=30.0)) == 0


def test_above_the_transition_of_depth_one_deeper_networks_keep_their_law():
    # Short steps: with label noise 30 a third of the networks jump over the origin.
    s = 150.0
    eta = 3 * 2 / s**2
    v = sample_diagonal(2, eta, 1, int(30 / eta), 1000, seed=7, label_noise=s)
    assert distance(v, 2, eta, 1.0, s) < CRITICAL / np.sqrt(1000)
    assert np.median(v) == pytest.approx(diagonal_quantiles(0.5, 2, eta, 1.0, s), rel=0.15)


def test_a_balanced_start_with_the_wrong_sign_never_crosses_and_an_unbalanced_one_does():
    def share(u, w):
        found = sample_units([u], [w], [[1.0]], 0.01, 1, steps=20_000, replicas=200, seed=9)
        return (found.first * found.second > 0).mean()

    assert share(0.7, -0.7) == 0
    assert share(0.9, -0.5) == 1


def test_units_step_as_plain_numpy_does():
    random = np.random.default_rng(12)
    u, w = np.array([0.6, -0.2, 0.9]), np.array([0.5, 1.1])
    target, eta, batch, steps, s = np.arange(6.0).reshape(2, 3) / 5, 0.05, 2, 30, 0.4
    us, ws, ratio = np.tile(u, (5000, 1)), np.tile(w, (5000, 1)), 0.0
    for step in range(steps):
        x = random.standard_normal((5000, batch, 3))
        error = (x @ us[:, :, None]) * ws[:, None] - x @ target.T
        error -= s * random.standard_normal(error.shape)
        hidden = (x @ us[:, :, None])[..., 0]
        g_w = (error * hidden[..., None]).mean(axis=1)
        g_u = ((error @ ws[:, :, None]) * x).mean(axis=1)
        us, ws = us - eta * g_u, ws - eta * g_w
        if step >= 10:
            ratio += (us**2).sum(1) / (ws**2).sum(1) / (steps - 10)
    found = sample_units(u, w, target, eta, batch, steps, 5000, seed=1, label_noise=s, burn_in=10)
    for plain, ours in ((us, found.first), (ws, found.second), (ratio, found.ratio)):
        error = plain.std(axis=0) / np.sqrt(5000)
        assert np.all(np.abs(plain.mean(axis=0) - ours.mean(axis=0)) < 5 * error)
        np.testing.assert_allclose(plain.std(axis=0), ours.std(axis=0), rtol=0.06)


def test_diverged_units_are_nan():
    found = sample_units([3.0], [2.0], [[1.0]], 1.5, 1, steps=200, replicas=5, seed=0)
    assert all(np.isnan(each).all() for each in found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depth": -1}, "depth: found -1"),
        ({"batch_size": 0}, "batch_size: found 0"),
        ({"steps": 1.5}, "steps: found 1.5"),
        ({"replicas": 0}, "replicas: found 0"),
        ({"learning_rate": 0.0}, "learning_rate: found 0; it must be positive"),
        ({"slope": 0.0}, "slope: found 0 at depth 1"),
        ({"label_noise": -1.0}, "label_noise: found -1"),
        ({"inputs": "cauchy"}, "inputs: found 'cauchy'"),
        ({"noise": "cauchy"}, "noise: found 'cauchy'; accepted: rademacher, gaussian"),
    ],
)
def test_wrong_arguments_are_one_line(change, message):
    given = {
        **{"depth": 1, "learning_rate": 0.1, "batch_size": 1},
        **{"steps": 1, "replicas": 1, "seed": 0},
    }
    with pytest.raises(ValueError, match=message):
        sample_diagonal(**(given | change))


def test_units_need_layers_that_meet():
    with pytest.raises(
        ValueError, match=r"target: found \(2, 1\) for first \(2,\) and second \(1,\)"
    ):
        sample_units([1.0, 2.0], [1.0], [[1.0], [2.0]], 0.1, 1, 1, 1, 0)
    with pytest.raises(ValueError, match="burn_in: found 5; accepted: 0 to below steps = 5"):
        sample_units([1.0], [1.0], [[1.0]], 0.1, 1, 5, 1, 0, burn_in=5)
