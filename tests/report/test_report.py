"""The report: one page that a browser opens without a network, and the card beside it."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from example_results import CNN, call, write_run, write_tables
from example_trajectories import recorded
from gradnoise.langevin.analysis import analyse
from gradnoise.langevin.results import write
from gradnoise.report import page as report_page
from gradnoise.report import sentences

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
# Runs inside the page: what a reader would notice.
PROBE = """<script>
const errors = [];
addEventListener("error", event => errors.push(event.message || "load"), true);
addEventListener("securitypolicyviolation", event => errors.push(event.violatedDirective));
addEventListener("load", () => {
  const wide = [...document.querySelectorAll("body *")].filter(element =>
    element.getBoundingClientRect().right > innerWidth + 1 && !element.closest(".scroll, .plate, pre"));
  parent.postMessage(JSON.stringify({
    errors, width: innerWidth, scroll: document.documentElement.scrollWidth,
    images: [...document.images].map(image => [image.complete, image.naturalWidth, image.alt.length]),
    wide: wide.map(element => element.outerHTML.slice(0, 80)),
    font: getComputedStyle(document.body).fontSize}), "*");
});
</script>"""
# Chromium's window is at least 500 pixels wide; a frame is as wide as a phone.
FRAME = """<!DOCTYPE html><pre id="probe"></pre><script>
addEventListener("message", event => document.getElementById("probe").textContent = event.data);
</script><iframe src="probed.html" style="border: 0; width: {width}px; height: 844px"></iframe>"""


class Outline(HTMLParser):
    """Order of sections, attributes that could load something, and the page's text."""

    def __init__(self) -> None:
        super().__init__()
        self.sections: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "section":
            self.sections.append(found["id"])
        self.links += [found[name] for name in ("src", "href") if found.get(name)]

    def handle_data(self, data):
        self.text.append(data)


def write_calibration(path: Path, passed: bool) -> None:
    rows = [
        ("Gaussian noise passes at the ceiling", "gaussian", 64, 200, 95.1, 95.0, 1.5, True),
        ("heavy tails are rejected", "student_t_1.5", 16, 200, 40.0, 0.0, 1.0, passed),
    ]
    columns = ["check", "distribution", "batch_size", "n", "measured_percentage"]
    columns += ["expected_percentage", "tolerance", "passed"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)


def write_control(path: Path) -> None:
    rows = [
        (law, source, draws, size, alpha, 1.99, growth, 0.01, variance, fourth, "right")
        for law, alpha, growth, variance, fourth in (
            ("gaussian", 1.98, 0.02, "finite", "finite"),
            ("t(1.5)", 1.44, 0.97, "infinite", "infinite"),
        )
        for source in ("inputs", "labels")
        for draws in ("fresh", "resampled")
        for size in (16, 256)
    ]
    columns = ["distribution", "source", "draws", "batch_size", "alpha_ecf", "null_ecf"]
    columns += ["growth_exponent", "growth_error", "called_variance", "called_fourth", "verdict"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Every file that the report reads, and the report itself."""
    folder = tmp_path_factory.mktemp("results")
    options = {"batch_sizes": (16, 1024), "repeats": 5}
    trained = write_run(folder, "cnn", CNN, epochs=(0, 2), **options)
    shuffled = write_run(folder, "cnn_shuffled", CNN, seeds=(0,), epochs=(2,), **options)
    followed = recorded(steps=1000)
    found = analyse(followed, {"subspace": "model", "seed": 0, "lags": 50, "residual_lags": 20})
    write(folder / "cnn/seed-0/epoch-2/langevin/plain/model.h5", *found, followed.attributes)
    tables = write_tables(folder, trained, (shuffled[0], []))
    write_calibration(folder / "calibration.csv", passed=True)
    write_control(folder / "control.csv")
    with h5py.File(folder / "data.h5", "w") as file:
        file.attrs.update(dataset="fashion_mnist_subset", checksum="c0ffee", source="embedded")
        file["train/targets"], file["test/targets"] = np.zeros(500, int), np.zeros(100, int)
    figures = []
    for name in ("cnn-percentage_by_batch_size", "cnn-training_curves", "cnn_shuffled-coordinates"):
        figures.append(folder / f"{name}.png")
        Image.new("RGB", (600, 200), "white").save(figures[-1])
    run = {
        "model": {"name": "cnn"},
        "data": {"dataset": "fashion_mnist_subset"},
        "training": {"epochs": 2, "learning_rate": 0.05},
        "noise": {"sampling": "with_replacement"},
    }
    settings = {
        "runs": {"cnn": run, "cnn_shuffled": {**run, "noise": {"sampling": "epoch_shuffle"}}},
        "trained_by": {"cnn": "cnn", "cnn_shuffled": "cnn"},
        "config": {"output": "results", "runs": ["cnn", "cnn_shuffled"]},
        "significance": 0.05,
        "command": "snakemake --cores all",
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    text = json.dumps({name: settings[name] for name in ("runs", "trained_by")})
    call("claims", "--settings", text, "--tables", tables, "--output", folder / "claims.csv")
    write_report(folder, folder / "report.html")
    return folder


def write_report(folder: Path, output: Path) -> None:
    call(
        "report",
        *("--settings", (folder / "settings.json").read_text(), "--tables", folder / "tables"),
        *("--claims", folder / "claims.csv", "--calibration", folder / "calibration.csv"),
        *("--control", folder / "control.csv"),
        *("--data", folder / "data.h5", "--figures", *sorted(folder.glob("*.png"))),
        *("--output", output, "--card", output.with_name("noise_card.json")),
    )


@pytest.fixture(scope="module")
def outline(folder) -> Outline:
    found = Outline()
    found.feed((folder / "report.html").read_text())
    return found


def test_page_opens_with_one_sentence_of_numbers_from_the_tables(folder):
    text = (folder / "report.html").read_text()
    headings = re.findall(r"<h1>(.*?)</h1>", text, flags=re.S)
    assert len(headings) == 1
    table = pd.read_csv(folder / "tables/gaussianity.csv")
    rows = table[(table["run"] == "cnn") & (table["parameter"] == "network")]
    rows = rows[(rows["epoch"] == 2) & (rows["batches"] == 200)].set_index("batch_size")
    for size in (16, 1024):
        assert f"{rows.loc[size, 'percentage_testable']:.1f} %" in headings[0]
    assert "3 training seeds" in headings[0]
    assert "leaving out the 2 % and 2 % whose noise is constant" in headings[0]
    assert headings[0].count(". ") == 0


def test_instrument_check_comes_before_any_result(outline):
    order = ["instrument", "result", "claims", "dynamics", "limits", "figures", "tables"]
    assert outline.sections == [*order, "training", "settings", "cite"]


def test_page_needs_no_network(outline):
    assert all(link.startswith(("data:", "#")) for link in outline.links)
    assert not re.search(r"url\(|@import", "".join(outline.text))


def test_page_states_where_it_comes_from(outline):
    text = " ".join("".join(outline.text).split())
    for expected in (
        "c0ffee",
        "snakemake --cores all",
        "2109.09833",
        "gradnoise",
        "numpy",
        "✓ passed",
    ):
        assert expected in text
    assert "Weights are frozen at epochs 0, 2 of 2" in text
    assert "One training seed: the intervals speak of these weights" in text
    assert "3 of 5 layers are judged from a random sample" in text


def test_every_claim_is_on_the_page(folder, outline):
    text = " ".join("".join(outline.text).split())
    claims = pd.read_csv(folder / "claims.csv")
    assert claims["claim"].nunique() == 18
    for statement in claims["statement"]:
        assert statement in text


def test_page_says_whether_the_langevin_picture_holds(folder, outline):
    page = (folder / "report.html").read_text()
    rows = pd.read_csv(folder / "tables/langevin.csv")
    rows = rows[(rows["kind"] == "eigenvector") & rows["stationary"]]
    ratio = rows["variance"] / rows["predicted_variance"]
    assert "Does the Langevin picture hold?" in page
    assert f"Variance over the exact prediction: {ratio.min():.2f} to {ratio.max():.2f}" in page
    assert "learning rate 0.1, momentum 0, batch size 8" in page
    assert "4 directions" in page


def test_without_per_sample_gradients_nothing_is_said_of_predictions(folder):
    table = pd.read_csv(folder / "tables/prediction.csv")
    assert sentences.prediction(table, "cnn").startswith("Skewness and kurtosis")
    assert sentences.prediction(table[["run", "seed", "epoch", "parameter"]].iloc[:0], "cnn") == ""


def test_a_figure_of_a_run_without_noise_has_its_caption(tmp_path):
    path = tmp_path / "softmax-relaxation.png"
    Image.new("RGB", (60, 20), "white").save(path)
    assert report_page.figure(path, ["cnn", "softmax"])["title"] == "Relaxation and diffusion"


def test_failed_instrument_check_is_said_first(folder, tmp_path):
    for name in (
        *("tables", "claims.csv", "control.csv", "data.h5", "settings.json"),
        "cnn-training_curves.png",
    ):
        (tmp_path / name).symlink_to(folder / name)
    write_calibration(tmp_path / "calibration.csv", passed=False)
    write_report(tmp_path, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert "Some checks failed" in text
    assert "✗ failed" in text


def test_card_holds_the_numbers_of_every_layer(folder):
    card = json.loads((folder / "noise_card.json").read_text())
    assert (card["schema"], card["schema_version"]) == ("gradnoise.noise_card", 1)
    assert card["data"][0]["checksum"] == "c0ffee"
    run = card["runs"]["cnn"]
    assert [layer["layer"] for layer in run["layers"]] == [*(name for name, *_ in CNN), "network"]
    assert (run["epoch"], run["seeds"], run["unit"]) == (2, [0, 1, 2], "seed")
    first = run["layers"][0]
    assert (first["weights"], first["coordinates"]) == (144, 144)
    measured = first["measured"][0]
    assert (measured["batch_size"], measured["batches"]) == (16, 200)
    bounds = measured["percentage_gaussian"]
    assert bounds["lower"] < bounds["value"] < bounds["upper"]
    history = pd.read_csv(folder / "tables/training.csv")
    last = history[history["epoch"] == 2]["test_accuracy"].mean()
    assert run["accuracy"]["test"] == pytest.approx(last, abs=1e-6)
    assert card["runs"]["cnn_shuffled"]["accuracy"]["test"] is not None


def browse(page: Path, profile: Path) -> tuple[str, str]:
    """The page's DOM after loading, and the browser's console."""
    flags = [*FLAGS, f"--user-data-dir={profile}", "--window-size=1300,900"]
    flags += ["--enable-logging=stderr", "--virtual-time-budget=3000", "--dump-dom"]
    command = [str(BROWSER), *flags, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="needs Chromium (Debian's package chromium)")
@pytest.mark.parametrize("width", [390, 1200])
def test_browser_shows_every_image_without_error_or_sideways_scroll(folder, tmp_path, width):
    _, console = browse(folder / "report.html", tmp_path / "profile")
    assert console == ""
    # The page forbids scripts; its copy lets the probe in.
    text = (folder / "report.html").read_text()
    assert "default-src 'none';" in text
    text = text.replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';")
    (tmp_path / "probed.html").write_text(text.replace("<style>", f"{PROBE}<style>", 1))
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME.replace("{width}", str(width)))
    dom, _ = browse(frame, tmp_path / "profile")
    raw = re.search(r'<pre id="probe"[^>]*>(.*?)</pre>', dom, flags=re.S)
    assert raw
    probe = json.loads(raw[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert probe["errors"] == []
    assert probe["width"] == width
    assert probe["scroll"] <= width, probe["wide"]
    assert probe["wide"] == []
    assert probe["font"] == "16px"
    assert len(probe["images"]) == 3
    for complete, natural_width, alternative in probe["images"]:
        assert complete
        assert natural_width > 0
        assert alternative > 0
