"""Numbers of a subspace, on quadratics with known answers."""

import numpy as np
import pytest
from scipy import stats
from scipy.stats import chi2

from example_trajectories import HESSIAN, SETTINGS, VARIANTS, analysed, recorded
from gradnoise.langevin.analysis import analyse
from gradnoise.langevin.by_subspace import _variation, fit_jointly
from gradnoise.langevin.estimation.currents import entropy_production
from gradnoise.langevin.predictions import step_rule
from gradnoise.langevin.surrogates import surrogates
from gradnoise.langevin.theory.currents import entropy_production_rate
from gradnoise.langevin.variables import NUMBERS


def test_entropy_production_is_the_exact_one_and_the_null_is_far_below() -> None:
    numbers = analysed("plain").numbers
    exact = numbers["predicted_entropy_production"]
    assert abs(numbers["entropy_production"] - exact) < 4 * numbers["entropy_production_error"]
    assert numbers["null_entropy_production"] < 0.1 * exact
    commuting = analysed("isotropic").numbers
    assert abs(commuting["predicted_entropy_production"]) < 1e-9
    assert abs(commuting["entropy_production"]) < 4 * commuting["entropy_production_error"] + 1e-5
    assert commuting["commutator"] < 1e-12


def test_exponents_of_proportional_noise_are_one_and_zero() -> None:
    numbers = analysed("isotropic").numbers
    assert numbers["noise_exponent"] == pytest.approx(1)
    assert numbers["variance_exponent"] == pytest.approx(
        0, abs=4 * numbers["variance_exponent_error"] + 0.05
    )
    assert numbers["peak_distance"] < 0.1


def test_displacement_saturates_once_all_modes_are_relaxed() -> None:
    numbers = analysed("plain").numbers
    assert numbers["last_diffusion_exponent"] == pytest.approx(0, abs=0.05)


def test_flatness_exponent_of_parabolas() -> None:
    # F ~ h^-1/2 and variance ~ h^(p - 1): here the noise is proportional to the curvature, so psi = 0.
    numbers = analysed("isotropic").numbers
    assert numbers["flatness_exponent"] == pytest.approx(0, abs=0.25)


def test_a_joint_fit_finds_the_whole_hessian() -> None:
    found = analysed("plain")
    arrays = found.arrays
    score = (arrays["vector_curvature"] - HESSIAN) / arrays["vector_curvature_error"]
    assert np.all(np.abs(score) < 5)
    assert found.numbers["vector_asymmetry_pvalue"] > 1e-3


def test_a_joint_fit_of_what_does_not_move_is_none() -> None:
    made = recorded(steps=200)
    made.position[..., 1] = 0
    assert fit_jointly(made) is None


def test_batch_sharpness_is_the_mean_over_batches_of_all_snapshots() -> None:
    made = recorded(steps=200)
    made.batch_sharpness[:] = np.arange(6).reshape(2, 3)
    numbers = analyse(made, SETTINGS).numbers
    assert numbers["batch_sharpness"] == pytest.approx(2.5)
    assert numbers["batch_sharpness_error"] == pytest.approx(np.arange(6).std(ddof=1) / np.sqrt(6))
    assert numbers["stability_limit"] == pytest.approx(2 / 0.1)


def test_numbers_are_those_declared() -> None:
    assert {*analysed("plain").numbers} == {number.name for number in NUMBERS}


def test_noise_is_compared_with_the_mean_gradient_over_snapshots() -> None:
    made = recorded(steps=200)
    # Noise of a single sample over a batch of 8, along four eigenvectors; the fifth direction is none.
    factors = np.array([1.0, 1.6])
    spread = made.noise_covariance * factors[:, None, None]
    gradient = np.array([[0.1, 0.2, 0.0, 0.3, 9.0], [0.4, 0.0, 0.1, 0.2, 9.0]])
    made = made._replace(noise_covariance=spread, gradient=gradient)
    numbers = analyse(made, SETTINGS).numbers
    trace = np.trace(spread[:, :4, :4], axis1=1, axis2=2)
    square = (gradient[:, :4] ** 2).sum(axis=1)
    ratio = trace.mean() / 8 / square.mean()
    assert numbers["noise_over_gradient"] == pytest.approx(ratio)
    left_out = trace[::-1] / 8 / square[::-1]
    error = np.sqrt(1 * left_out.var())
    assert numbers["noise_over_gradient_error"] == pytest.approx(error)
    # Sample deviation over the mean, and its chi-square interval for one degree of freedom.
    variation = factors.std(ddof=1) / factors.mean()
    for name in ("noise_trace_variation", "noise_top_variation"):
        assert numbers[name] == pytest.approx(variation)
        low, high = chi2.ppf([0.975, 0.025], 1)
        assert numbers[f"{name}_lower"] == pytest.approx(variation / np.sqrt(low))
        assert numbers[f"{name}_upper"] == pytest.approx(variation / np.sqrt(high))


def test_the_interval_of_a_variation_covers() -> None:
    random = np.random.default_rng(0)
    found = [_variation("x", 1 + 0.1 * random.standard_normal(20)) for _ in range(2000)]
    covered = np.mean([one["x_lower"] < 0.1 < one["x_upper"] for one in found])
    assert covered == pytest.approx(0.95, abs=0.02)
    assert np.isnan(list(_variation("x", np.ones(1)).values())).all()


def test_noise_follows_the_hessian_without_weight_decay() -> None:
    made = recorded(commuting=True, steps=300, weight_decay=0.5)
    # C is proportional to the loss's Hessian, whatever the penalty adds to its curvature.
    assert analyse(made, SETTINGS).numbers["noise_exponent"] == pytest.approx(1)


def test_the_arrow_of_time_is_that_of_the_film() -> None:
    for variant in ("plain", "momentum"):
        numbers = analysed(variant).numbers
        assert numbers["arrow_score"] > 3
        off = (numbers["arrow_amplitude"] - 1) / numbers["arrow_amplitude_error"]
        assert abs(off) < 4
        assert abs(numbers["control_arrow_score"]) < 3.5
        ratio = numbers["arrow_log_odds"] / numbers["arrow_expected"]
        assert numbers["arrow_amplitude"] == pytest.approx(ratio)
    made = recorded(**VARIANTS["plain"])
    back = analyse(made._replace(position=made.position[:, ::-1]), SETTINGS).numbers
    forward = analysed("plain").numbers
    assert back["arrow_log_odds"] == pytest.approx(-forward["arrow_log_odds"], rel=1e-6)


def test_predictions_have_errors_from_snapshots() -> None:
    numbers = analysed("plain").numbers
    # Two snapshots that are alike.
    assert numbers["predicted_entropy_production_error"] == pytest.approx(0, abs=1e-12)
    made = recorded(steps=2000)
    made.noise_covariance[1, 0, 1] *= 1.5
    made.noise_covariance[1, 1, 0] *= 1.5
    found = analyse(made, SETTINGS)
    numbers = found.numbers
    each = [
        entropy_production_rate(HESSIAN, made.noise_covariance[one, :4, :4] / 8, 0.1)
        for one in (0, 1)
    ]
    assert numbers["predicted_entropy_production_error"] == pytest.approx(abs(np.diff(each)[0]) / 2)
    errors = found.arrays["area_rate_predicted_error"]
    assert errors[0, 1] > 0
    assert errors[2, 3] == pytest.approx(0, abs=1e-12)
    alone = made._replace(
        **{
            name: getattr(made, name)[:1]
            for name in ("hessian", "noise_covariance", "gradient", "noise_third_moment")
        }
    )
    single = analyse(alone, SETTINGS).numbers
    assert np.isnan(single["predicted_entropy_production_error"])
    assert np.isnan(single["arrow_amplitude_error"])
    assert np.isfinite([numbers["arrow_amplitude_error"], single["arrow_score"]]).all()


def test_shares_of_the_first_principal_direction() -> None:
    made = recorded(steps=200)
    made.slices["basin_variance"] = np.array([5.0, 2.0, 0.7, 0.3])
    numbers = analyse(made, SETTINGS).numbers
    assert numbers["first_share"] == pytest.approx(5 / 8)
    # Variances of a random walk's principal components fall as 1 / k^2.
    assert numbers["random_walk_share"] == pytest.approx(1 / (1 + 1 / 4 + 1 / 9 + 1 / 16))
    widths = 2 * np.sqrt(2 * (np.e - 1) * 0.3 / np.diag(HESSIAN))
    expected = -np.polyfit(np.log(widths), np.log(made.slices["basin_variance"]), 1)[0]
    assert numbers["flatness_exponent"] == pytest.approx(expected, rel=0.1)


def test_conditions_of_the_propositions_are_of_the_mean_system() -> None:
    made = recorded(steps=200, momentum=0.4, weight_decay=0.2)
    factors = np.array([0.5, 1.5])[:, None, None]
    made = made._replace(hessian=made.hessian * factors)
    numbers = analyse(made, SETTINGS).numbers
    h, c = HESSIAN + 0.2 * np.eye(4), made.noise_covariance[0, :4, :4] / 8
    bracket = np.linalg.norm(c @ h - h @ c) / np.linalg.norm(c) / np.linalg.norm(h)
    assert numbers["commutator"] == pytest.approx(bracket)
    spectrum = np.linalg.eigvalsh(c)
    assert numbers["isotropy_ratio"] == pytest.approx(spectrum[-1] / spectrum[0])
    assert numbers["largest_step"] == pytest.approx(0.1 * 5.2)
    assert numbers["stability_limit"] == pytest.approx(2 * 1.4 / 0.1)


def test_exponents_are_slopes_over_the_eigenvectors() -> None:
    found = analysed("plain")
    rows, numbers = found.directions, found.numbers
    logs = {name: np.log(rows[name][:4].astype(float)) for name in (
        "curvature", "noise_variance", "variance", "predicted_variance"
    )}  # fmt: skip
    for name, column in (
        ("noise_exponent", "noise_variance"),
        ("predicted_variance_exponent", "predicted_variance"),
    ):
        slope = stats.linregress(logs["curvature"], logs[column])
        assert numbers[name] == pytest.approx(slope.slope)
        assert numbers[f"{name}_error"] == pytest.approx(slope.stderr)
    weights = rows["variance"][:4] / rows["variance_error"][:4]
    slope = np.polyfit(logs["curvature"], logs["variance"], 1, w=weights)[0]
    assert numbers["variance_exponent"] == pytest.approx(slope)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_the_null_is_the_95_percent_quantile_of_reversible_surrogates(momentum: float) -> None:
    made = recorded(steps=600, momentum=momentum)
    numbers = analyse(made, SETTINGS).numbers
    rule = step_rule(made.attributes)
    noise = np.diag(made.noise_covariance[0])[:4] / 8
    shape = made.position.shape[:2]
    paths = surrogates(np.diag(HESSIAN), noise, rule, shape, 40, SETTINGS.seed, SETTINGS.subspace)
    produced = [
        entropy_production(path - path.mean(axis=(0, 1)), 2 if momentum else 1) for path in paths
    ]
    assert len(produced) == 40
    assert numbers["null_entropy_production"] == pytest.approx(np.quantile(produced, 0.95))
