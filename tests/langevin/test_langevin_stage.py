"""From a recorded trajectory to rows, numbers, tables, verdicts and figures, on quadratics with known answers."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from example_trajectories import HESSIAN, noise, recorded
from gradnoise.errors import InputError
from gradnoise.figures.langevin import files
from gradnoise.langevin import predictions
from gradnoise.langevin.analysis import analyse
from gradnoise.langevin.estimation.currents import current
from gradnoise.langevin.results import write
from gradnoise.tables import langevin

SETTINGS = {"subspace": "model", "seed": 1, "lags": 60, "residual_lags": 20}
FIGURES = [
    *("stationary_histograms", "variance_against_curvature", "temperature", "relaxation"),
    *("probability_current", "entropy_production", "phase_portrait"),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of four variants: circulating, with momentum, commuting with tiny steps, and drifting."""
    folder = tmp_path_factory.mktemp("results")
    for variant, changes in {
        "plain": {"steps": 20000},
        "momentum": {"momentum": 0.9, "learning_rate": 0.02},
        "isotropic": {"commuting": True, "learning_rate": 0.015, "steps": 40000},
        "moving": {"drift": 3.0},
    }.items():
        made = recorded(**changes)
        rows, numbers, arrays = analyse(made, SETTINGS)
        path = folder / "toy/seed-1/epoch-4/langevin" / variant / "model.h5"
        write(path, rows, numbers, arrays, made.attributes)
    return folder


@pytest.fixture(scope="module")
def tables(results: Path) -> dict[str, pd.DataFrame]:
    variants = ["plain", "momentum", "isotropic", "moving"]
    what = {"followed": [1], "last_epoch": 4, "variants": variants, "subspaces": ["model"]}
    return langevin.read(results, {"toy": what})


def of(tables: dict[str, pd.DataFrame], variant: str) -> tuple[pd.Series, pd.DataFrame]:
    numbers, rows = tables["langevin_subspaces"], tables["langevin"]
    rows = rows[(rows["variant"] == variant) & (rows["kind"] == "eigenvector")]
    return numbers[numbers["variant"] == variant].iloc[0], rows


@pytest.mark.parametrize("variant", ["plain", "momentum", "isotropic"])
def test_measured_variances_are_what_curvature_and_noise_predict(
    tables: dict[str, pd.DataFrame], variant: str
) -> None:
    _, rows = of(tables, variant)
    score = (rows["variance"] - rows["predicted_variance"]) / rows["variance_error"]
    assert np.all(np.abs(score) < 4)
    assert np.allclose(rows["curvature"], np.diag(HESSIAN))
    assert np.allclose(rows["velocity_variance"], rows["predicted_velocity_variance"], rtol=0.05)
    assert rows["stationary"].all()


def test_fits_find_the_order_the_curvature_and_the_momentum(
    tables: dict[str, pd.DataFrame],
) -> None:
    _, plain = of(tables, "plain")
    error = plain["first_curvature_error"]
    assert np.all(np.abs(plain["first_curvature"] - plain["curvature"]) < 4 * error)
    assert (plain["order"] == 1).all()
    _, heavy = of(tables, "momentum")
    assert (heavy["order"] == 2).all()
    assert np.allclose(heavy["second_momentum"], 0.9, atol=0.02)
    assert np.all(heavy["first_curvature"] < 0.7 * heavy["curvature"])
    assert np.allclose(
        heavy["autocorrelation_time"].iloc[-1],
        heavy["predicted_autocorrelation_time"].iloc[-1],
        rtol=0.3,
    )


def test_a_joint_fit_finds_the_whole_hessian(results: Path) -> None:
    with h5py.File(results / "toy/seed-1/epoch-4/langevin/plain/model.h5") as file:
        score = (file["vector_curvature"][...] - HESSIAN) / file["vector_curvature_error"][...]
        assert np.all(np.abs(score) < 5)
        assert file.attrs["vector_asymmetry_pvalue"] > 1e-3


def test_the_continuous_reading_of_an_autoregression_is_high(
    tables: dict[str, pd.DataFrame],
) -> None:
    _, rows = of(tables, "plain")
    step = 0.1 * rows["first_curvature"]
    assert np.allclose(0.1 * rows["ornstein_uhlenbeck_curvature"], -np.log(1 - step))
    assert np.all(rows["ornstein_uhlenbeck_curvature"] > rows["first_curvature"])


def test_momentum_oscillates_at_the_predicted_frequency(tables: dict[str, pd.DataFrame]) -> None:
    _, rows = of(tables, "momentum")
    assert np.allclose(rows["frequency"].iloc[:2], rows["predicted_frequency"].iloc[:2], rtol=0.1)


def test_temperatures_of_position_and_velocity_agree_for_small_steps(
    tables: dict[str, pd.DataFrame],
) -> None:
    _, rows = of(tables, "momentum")
    kinetic = rows["velocity_variance"] / rows["kinetic_time_step"] ** 2
    assert np.allclose(kinetic, rows["predicted_temperature"], rtol=0.1)


def test_a_drifting_trajectory_is_never_called_stationary(tables: dict[str, pd.DataFrame]) -> None:
    _, rows = of(tables, "moving")
    assert not rows["stationary"].any()


def test_directions_that_are_no_eigenvectors_have_no_prediction(
    tables: dict[str, pd.DataFrame],
) -> None:
    rows = tables["langevin"]
    other = rows[rows["kind"] == "random"]
    assert len(other) == 4
    assert other[["curvature", "predicted_variance"]].isna().all().all()
    assert other["variance"].notna().all()


def test_entropy_production_is_the_exact_one_and_the_null_is_far_below(
    tables: dict[str, pd.DataFrame],
) -> None:
    numbers, _ = of(tables, "plain")
    exact = numbers["predicted_entropy_production"]
    assert abs(numbers["entropy_production"] - exact) < 4 * numbers["entropy_production_error"]
    assert numbers["null_entropy_production"] < 0.1 * exact
    commuting, _ = of(tables, "isotropic")
    assert abs(commuting["predicted_entropy_production"]) < 1e-9
    assert abs(commuting["entropy_production"]) < 4 * commuting["entropy_production_error"] + 1e-5
    assert commuting["commutator"] < 1e-12


def test_exponents_of_proportional_noise_are_one_and_zero(tables: dict[str, pd.DataFrame]) -> None:
    numbers, _ = of(tables, "isotropic")
    assert numbers["noise_exponent"] == pytest.approx(1)
    assert numbers["variance_exponent"] == pytest.approx(
        0, abs=4 * numbers["variance_exponent_error"] + 0.05
    )
    assert numbers["peak_distance"] < 0.1


def test_displacement_saturates_once_all_modes_are_relaxed(tables: dict[str, pd.DataFrame]) -> None:
    numbers, _ = of(tables, "plain")
    assert numbers["last_diffusion_exponent"] == pytest.approx(0, abs=0.05)


def test_flatness_exponent_of_parabolas(tables: dict[str, pd.DataFrame]) -> None:
    # F ~ h^-1/2 and variance ~ h^(p - 1): here the noise is proportional to the curvature, so psi = 0.
    numbers, _ = of(tables, "isotropic")
    assert numbers["flatness_exponent"] == pytest.approx(0, abs=0.25)


def test_without_replacement_has_the_suppressed_variance_and_no_currents() -> None:
    made = recorded(sampling="epoch_shuffle")
    dynamics = predictions.dynamics_of(made.attributes)
    arrays = (
        made.hessian[:, :4, :4],
        made.noise_covariance[:, :4, :4],
        made.noise_third_moment[:, :4],
    )
    system = predictions.measured(*arrays, 0.0, dynamics)
    independent = predictions.measured(*arrays, 0.0, dynamics._replace(sampling="with_replacement"))
    assert np.allclose(system.noise_covariance, independent.noise_covariance * 992 / 999)
    shuffled = np.diag(predictions.covariance(system, dynamics))
    free = np.diag(
        predictions.covariance(independent, dynamics._replace(sampling="with_replacement"))
    )
    assert np.all(shuffled < free)
    rows, numbers, _ = analyse(made, SETTINGS)
    assert np.isnan(numbers["predicted_entropy_production"])
    assert np.isfinite(rows["predicted_variance"][:4]).all()


def test_an_unstable_direction_has_no_prediction_and_stops_nothing() -> None:
    made = recorded(steps=200)
    made.hessian[:, 0, 0] = -1.0
    rows, numbers, _ = analyse(made, SETTINGS)
    assert np.isnan(rows["predicted_variance"]).all()
    assert np.isnan(numbers["predicted_entropy_production"])


def test_a_direction_along_which_nothing_moves_stops_nothing() -> None:
    made = recorded(steps=200)
    made.position[..., 1] = 0
    rows, numbers, _ = analyse(made, SETTINGS)
    assert np.isnan(rows["first_curvature"][1])
    assert np.isnan(numbers["entropy_production"])
    assert not rows["stationary"][1]


def test_the_current_in_a_plane_turns_as_predicted() -> None:
    made = recorded(momentum=0.9, learning_rate=0.02, steps=8000, replicas=20)
    arguments = HESSIAN, noise(False) / 8, 0.02, 0.9
    from gradnoise.langevin.theory.currents import area_rate
    from gradnoise.langevin.theory.stationary import stationary_covariance

    pair = np.ix_([0, 3], [0, 3])
    found = current(
        made.position[..., [0, 3]],
        area_rate(*arguments)[pair],
        stationary_covariance(*arguments)[pair],
    )
    weight = found.steps[..., None] * np.ones(2)
    used = np.isfinite(found.drift)
    overlap = np.sum((found.drift * found.predicted * weight)[used])
    assert overlap / np.sum((found.predicted**2 * weight)[used]) == pytest.approx(1, abs=0.3)


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    what = {
        "toy": {"followed": [1], "last_epoch": 4, "variants": ["plain"], "subspaces": ["model"]}
    }
    with pytest.raises(InputError, match=r"plain/model\.h5: expected a complete langevin file"):
        langevin.read(tmp_path, what)
    empty = langevin.read(tmp_path, {"toy": {**what["toy"], "followed": []}})
    assert all(len(table) == 0 for table in empty.values())


def test_the_stage_needs_no_torch() -> None:
    code = "import sys, gradnoise.langevin.__main__; sys.exit('torch' in sys.modules or 'scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_written_with_the_numbers_behind_them(
    results: Path, tmp_path: Path, name: str
) -> None:
    output = tmp_path / f"{name}.pdf"
    command = [sys.executable, "-m", f"gradnoise.figures.langevin.{name}", "--output", str(output)]
    settings: dict[str, Any] = {"run": "toy", "style": {}}
    paths = sorted(map(str, results.rglob("model.h5")))
    command += ["--settings", json.dumps(settings), "--layers", *paths]
    subprocess.run(command, check=True, capture_output=True)
    assert output.read_bytes().startswith(b"%PDF")
    with Image.open(output.with_suffix(".png")) as image:
        assert image.width == pytest.approx(2070, abs=1100)
    numbers = pd.read_csv(output.with_suffix(".csv"))
    assert set(numbers["variant"]) <= {"plain", "momentum", "isotropic", "moving"}
    assert len(numbers) >= 4


def test_figures_read_what_the_stage_wrote(results: Path) -> None:
    found = files.read(results.rglob("plain/model.h5"), "model")
    assert found[0].title == "plain: learning rate 0.1"
    assert len(found[0].eigenvectors) == 4
    assert files.read(results.rglob("plain/model.h5"), "conv1.weight") == []
    with h5py.File(next(iter(results.rglob("plain/model.h5")))) as file:
        assert file["autocorrelation"].shape == (5, 61)
