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
