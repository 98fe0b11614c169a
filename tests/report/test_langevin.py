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
