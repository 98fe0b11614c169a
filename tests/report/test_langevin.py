"""What the page says of trajectories."""

import pandas as pd

from gradnoise.report.langevin import findings, trajectories


def test_page_says_whether_the_langevin_picture_holds(folder):
    page = (folder / "report.html").read_text()
    rows = pd.read_csv(folder / "tables/langevin.csv")
    rows = rows[(rows["kind"] == "eigenvector") & rows["stationary"]]
    ratio = rows["variance"] / rows["predicted_variance"]
    assert "Does the Langevin picture hold?" in page
    assert f"Variance over the exact prediction: {ratio.min():.2f} to {ratio.max():.2f}" in page
    assert "learning rate 0.1, momentum 0, batch size 8" in page
    assert "4 directions" in page
    assert "No trajectory was recorded" not in page


def test_every_trajectory_has_its_own_eigenvectors(folder):
    tables = {
        name: pd.read_csv(folder / f"tables/{name}.csv")
        for name in ("langevin", "langevin_subspaces")
    }
    other = {name: table.assign(variant="other") for name, table in tables.items()}
    tables = {name: pd.concat([table, other[name]]) for name, table in tables.items()}
    found = trajectories(tables)
    assert [(one["variant"], len(one["rows"])) for one in found] == [("plain", 4), ("other", 4)]


def test_directions_that_move_are_said_first_and_left_out(folder):
    rows = pd.read_csv(folder / "tables/langevin.csv")
    numbers = pd.read_csv(folder / "tables/langevin_subspaces.csv").iloc[0]
    rows = rows[rows["kind"] == "eigenvector"].assign(stationary=[False, True, True, True])
    rows["variance"], rows["predicted_variance"] = [9.0, 1.0, 1.2, 0.9], 1.0
    sentences = list(findings(numbers, rows))
    assert sentences[0].startswith("1 of 4 directions are not stationary")
    assert sentences[1].startswith("Variance over the exact prediction: 0.90 to 1.20;")


def numbers_of(folder, **changes):
    return pd.Series({**pd.read_csv(folder / "tables/langevin_subspaces.csv").iloc[0], **changes})


def test_irreversibility_is_said_with_every_error(folder):
    rows = pd.read_csv(folder / "tables/langevin.csv")
    rows = rows[rows["kind"] == "eigenvector"]
    numbers = numbers_of(
        folder, entropy_production=0.0021, entropy_production_error=0.0003, arrow_score=-4.25,
        predicted_entropy_production=0.0019, predicted_entropy_production_error=0.0001,
        null_entropy_production=0.0004, control_arrow_score=0.31, arrow_amplitude=0.9,
        arrow_amplitude_error=0.15,
    )  # fmt: skip
    said = list(findings(numbers, rows))
    assert (
        "Entropy production 0.00210 ± 0.00030 nats a step; exact 0.00190 ± 0.00010, commuting noise below 0.00040."
        in said
    )
    assert (
        "Arrow of time: −4.2 standard errors from a film that may run backward (a reversible control: 0.3), "
        "0.90 ± 0.15 of what the commutator of noise and Hessian predicts." in said
    )
    alone = list(findings(numbers_of(folder, predicted_entropy_production=float("nan")), rows))
    assert any(one.endswith("theory predicts none for these steps.") for one in alone)
    assert not any(one.startswith("Arrow of time") for one in alone)


def test_an_exponent_below_zero_has_one_sign(folder):
    rows = pd.read_csv(folder / "tables/langevin.csv")
    made = {"flatness_exponent": 0.08, "flatness_exponent_error": 0.02}
    said = list(findings(numbers_of(folder, **made), rows))
    assert any(one.startswith("Variance ~ flatness^(−0.08 ± 0.02) over") for one in said)
    negative = {**made, "flatness_exponent": -0.08}
    said = list(findings(numbers_of(folder, **negative), rows))
    assert any(one.startswith("Variance ~ flatness^(0.08 ± 0.02) over") for one in said)


def test_ratios_carry_the_predictions_error(folder):
    tables = {
        name: pd.read_csv(folder / f"tables/{name}.csv")
        for name in ("langevin", "langevin_subspaces")
    }
    made = {"variance": 3.0, "variance_error": 0.3, "predicted_variance": 2.0}
    tables["langevin"] = tables["langevin"].assign(**made, predicted_variance_error=0.1)
    (found,) = trajectories(tables)
    assert found["rows"][0]["ratio"] == "1.50 ± 0.17"


NUMBERS = {
    **{"run": "a", "seed": 1, "variant": "plain", "subspace": "model", "learning_rate": 0.02},
    **{"momentum": 0.9, "batch_size": 16, "weight_decay": 0.005, "sampling": "epoch_shuffle"},
    **{"replicas": 3, "steps": 12000, "burn_in": 2500, "noise_exponent": 1.04},
    **{"noise_exponent_error": 0.03, "variance_exponent": -0.12, "variance_exponent_error": 0.05},
    **{"predicted_variance_exponent": -0.15, "entropy_production": 0.0123},
    **{"entropy_production_error": 0.0004, "predicted_entropy_production": 0.0117},
    **{"predicted_entropy_production_error": 0.0002, "null_entropy_production": 0.0031},
    **{"arrow_score": 5.27, "control_arrow_score": -0.44, "arrow_amplitude": 0.93},
    **{"arrow_amplitude_error": 0.11, "batch_sharpness": 31.26, "batch_sharpness_error": 1.44},
    **{"stability_limit": 189.6, "flatness_exponent": -0.21, "flatness_exponent_error": 0.07},
    **{"first_share": 0.634, "random_walk_share": 0.608},
}


def direction(place, **changed):
    """A row of which every number is another one."""
    return {
        **{name: NUMBERS[name] for name in ("run", "seed", "variant", "subspace", "learning_rate")},
        **{"kind": "eigenvector", "direction": place, "stationary": True, "order": 1 + place % 2},
        **{"curvature": 40.0 - 7 * place, "first_curvature": 38.0, "first_curvature_error": 2.0},
        **{
            "second_curvature": 35.0 - place,
            "second_curvature_error": 3.0,
            "variance": 6.0 + place,
        },
        **{"variance_error": 0.3, "predicted_variance": 5.0, "predicted_variance_error": 0.4},
        **{
            "continuous_variance": 4.0,
            "continuous_variance_error": 0.1,
            "temperature": 2.0 + place,
        },
        **{"kinetic_ratio": 0.9 + 0.1 * place, "autocorrelation_time": 12.34 + place},
        **{
            "predicted_autocorrelation_time": 11.16 + place,
            "stationarity_pvalue": 0.456 + place / 10,
        },
        "boltzmann_bic_difference": -3.21 + place,
        **changed,
    }


def test_every_number_of_a_trajectory_by_hand():
    still = {"stationary": False, "variance": 50.0, "temperature": 90.0, "kinetic_ratio": 9.0}
    rows = [direction(0), direction(1), direction(2, **still), direction(3, kind="random")]
    rows += [direction(0, seed=2, variance=99.0), direction(0, run="b", variance=99.0)]
    tables = {"langevin": pd.DataFrame(rows), "langevin_subspaces": pd.DataFrame([NUMBERS])}
    (found,) = trajectories(tables)
    assert (found["run"], found["variant"]) == ("a", "plain")
    assert found["how"] == (
        "learning rate 0.02, momentum 0.9, batch size 16, weight decay 0.005, without replacement; "
        "3 replicas of 12,000 steps after 2,500"
    )
    assert found["findings"] == [
        "1 of 3 directions are not stationary (replicas or thirds differ in mean or variance), or too short to tell: "
        "nothing is concluded from them.",
        "Variance over the exact prediction: 1.20 to 1.40; over its small-step (Langevin) limit: 1.50 to 1.75.",
        "Temperatures of modes differ by a factor of up to 1.50; kinetic over configurational temperature: 0.90 to 1.00.",
        "C ~ H^1.04 ± 0.03, variance ~ H^−0.12 ± 0.05, predicted H^−0.15.",
        "Entropy production 0.01230 ± 0.00040 nats a step; exact 0.01170 ± 0.00020, commuting noise below 0.00310.",
        "Arrow of time: 5.3 standard errors from a film that may run backward (a reversible control: −0.4), "
        "0.93 ± 0.11 of what the commutator of noise and Hessian predicts.",
        "Batch sharpness 31.3 ± 1.4; steps are unstable above a curvature of 190.",
        "Variance ~ flatness^(0.21 ± 0.07) over principal directions, the first of which holds 63 % (a random walk's: "
        "61 %).",
    ]
    first, second, third = found["rows"]
    assert first == {
        **{"direction": "1", "step": "0.800", "fitted": "0.760 ± 0.040", "order": "1"},
        **{"ratio": "1.20 ± 0.11", "limit": "1.50 ± 0.08", "time": "12.3", "expected_time": "11.2"},
        **{"steady": "0.46", "boltzmann": "−3.2", "stationary": "yes"},
    }
    assert second == {
        **{"direction": "2", "step": "0.660", "fitted": "0.680 ± 0.060", "order": "2"},
        **{"ratio": "1.40 ± 0.13", "limit": "1.75 ± 0.09", "time": "13.3", "expected_time": "12.2"},
        **{"steady": "0.56", "boltzmann": "−2.2", "stationary": "yes"},
    }
    assert third["stationary"] == "no"


def test_directions_of_which_none_is_still_say_nothing_of_variances():
    rows = pd.DataFrame([direction(place, stationary=False) for place in range(2)])
    said = list(findings(pd.Series(NUMBERS), rows))
    assert said[0].startswith("2 of 2 directions are not stationary")
    assert said[1].startswith("C ~ H^")
    one = list(findings(pd.Series(NUMBERS), pd.DataFrame([direction(0)])))
    assert [text[:8] for text in one[:2]] == ["Variance", "C ~ H^1."]
