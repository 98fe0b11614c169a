"""The page: one file that a browser opens without a network."""

import argparse
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from example_report import write_calibration, write_report
from gradnoise.claims import results
from gradnoise.claims.headline import verdicts
from gradnoise.claims.published import CLAIMS
from gradnoise.report import page
from gradnoise.report.inputs import Inputs
from gradnoise.report.settings import Settings

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
    claims: document.querySelector(".matrix tbody td").getBoundingClientRect().top,
    forest: Math.min(...[...document.querySelectorAll("td svg")].map(e => e.getBoundingClientRect().width)),
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


@pytest.fixture(scope="module")
def outline(folder) -> Outline:
    found = Outline()
    found.feed((folder / "report.html").read_text())
    return found


def test_page_opens_with_the_number_of_verdicts(folder):
    text = (folder / "report.html").read_text()
    (heading,) = re.findall(r"<h1>(.*?)</h1>", text, flags=re.S)
    claims = results.read(folder / "claims.csv")
    found = verdicts(claims[claims["group"] != "instrument"]).value_counts()
    testable = found.drop("not testable here").sum()
    assert heading.startswith(f"{testable} claims testable here: ")
    for verdict in ("supported", "contradicted", "open"):
        assert f"{found.get(verdict, 0)} {verdict}" in heading


def test_page_goes_on_with_one_sentence_of_numbers_from_the_tables(folder):
    text = (folder / "report.html").read_text()
    lead = re.findall(r"</h1>\s*<p>(.*?)</p>", text, flags=re.S)[0]
    table = pd.read_csv(folder / "tables/gaussianity.csv")
    rows = table[(table["run"] == "cnn") & (table["parameter"] == "network")]
    rows = rows[(rows["epoch"] == 2) & (rows["batches"] == 200)].set_index("batch_size")
    for size in (16, 1024):
        assert f"{rows.loc[size, 'percentage_testable']:.1f} %" in lead
    assert "3 training seeds" in lead
    assert "leaving out the 2 % and 2 % whose noise is constant" in lead
    assert lead.count(". ") == 0


def test_verdicts_come_first_and_what_the_instrument_did_stands_under_the_result(outline):
    order = ["claims", "result", "dynamics", "limits", "figures", "tables"]
    assert outline.sections == [*order, "training", "instrument", "settings", "cite"]
    text = " ".join("".join(outline.text).split())
    result = text[text.index("Result", text.index("not testable here")) :]
    assert "Instrument and control: ✓ all 2 checks of known noise passed; ✓ tails" in result[:900]


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


def test_stale_results_are_named_where_there_are_some(folder, tmp_path, outline):
    text = " ".join("".join(outline.text).split())
    assert "no longer asks for: old/, figures/old-*.*. make prune lists" in text
    copied = tmp_path / "copy"
    shutil.copytree(folder, copied)
    settings = json.loads((copied / "settings.json").read_text())
    (copied / "settings.json").write_text(json.dumps({**settings, "stale": []}))
    write_report(copied, copied / "report.html")
    assert "Stale" not in (copied / "report.html").read_text()


def test_every_claim_is_on_the_page_once(folder, outline):
    text = " ".join("".join(outline.text).split())
    claims = pd.read_csv(folder / "claims.csv")
    assert set(claims["claim"]) == {claim.name for claim in CLAIMS}
    for statement in set(claims["statement"]):
        assert text.count(statement) == 1


def test_every_verdict_has_its_cell(folder):
    claims = results.read(folder / "claims.csv")
    tested = claims[claims["verdict"] != "not testable here"]
    page = (folder / "report.html").read_text()
    assert len(re.findall(r"<td data-column=", page)) == len(tested)
    assert page.count('<td class="axis">') == tested["claim"].nunique()
    assert len(re.findall(r'<(?:circle|path) class="deciding point"', page)) == len(tested)


def test_every_run_has_the_ceiling_of_its_own_test(outline):
    text = " ".join("".join(outline.text).split())
    tables = text[text.index("All tables") : text.index("Accuracy and dead units")]
    own, strict = tables.index("cnn Exactly"), tables.index("cnn_shuffled Exactly")
    assert tables[own:].startswith("cnn Exactly Gaussian noise gives 95 %.")
    assert tables[strict:].startswith("cnn_shuffled Exactly Gaussian noise gives 99 %.")
    assert "exactly Gaussian noise would give 95 %." in text


def test_failed_instrument_check_is_said_with_the_result(folder, tmp_path):
    for name in (
        *(
            "tables",
            "claims.csv",
            "claim_components.csv",
            "control.csv",
            "data.h5",
            "settings.json",
        ),
        "cnn-training_curves.png",
    ):
        (tmp_path / name).symlink_to(folder / name)
    write_calibration(tmp_path / "calibration.csv", passed=False)
    write_report(tmp_path, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert "✗ some checks of known noise failed: do not rely" in text
    assert "✗ failed" in text


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
    assert probe["claims"] < 844  # the first verdict is on the first screen
    assert probe["forest"] > 150
    assert len(probe["images"]) == 3
    for complete, natural_width, alternative in probe["images"]:
        assert complete
        assert natural_width > 0
        assert alternative > 0


class Tables(HTMLParser):
    """Rows of all tables as lists of their cells' text, headers too."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += " ".join(data.split())


# Heading of a column -> what stands in it, by its name.
TRAINING = {
    **{"Epoch": "epoch", "Train loss": "train_loss", "Test loss": "test_loss"},
    **{"Train accuracy (%)": "train_accuracy", "Test accuracy (%)": "test_accuracy"},
}
CLASSES = {
    **{"Layer": "layer", "Computes": "computes", "Dead units (%)": "dead_units"},
    **{"Constant (%)": "dirac", "Sparse (%)": "sparse", "Quantised (%)": "quantised"},
    "Live (%)": "live",
}
DIRECTIONS = {
    **{"Direction": "direction", "ηh measured": "step", "ηh fitted": "fitted"},
    **{"AR order": "order", "Variance / exact": "ratio"},
    **{"Variance / small-step limit": "limit", "Autocorrelation time (steps)": "time"},
    **{"expected": "expected_time", "p, stationary": "steady", "Stationary": "stationary"},
    "BIC for Boltzmann": "boltzmann",
}
CONTROL = {
    **{
        "Regression with": "noise",
        "Draws": "draws",
        "Gaussian": "null",
        "Growth": "growth",
        "Called": "called",
    },
}


def test_every_column_of_the_pages_tables_stands_below_its_heading(folder, monkeypatch):
    given = {name: folder / f"{name}.csv" for name in ("claims", "calibration", "control")}
    arguments = argparse.Namespace(
        **given,
        components=folder / "claim_components.csv",
        tables=folder / "tables",
        data=[folder / "data.h5"],
        figures=sorted(folder.glob("*.png")),
    )
    settings = Settings(**json.loads((folder / "settings.json").read_text()))
    inputs = Inputs.read(arguments)
    context = page._context(settings, inputs)
    for rows in (context["runs"][0]["accuracy"], context["runs"][0]["classes"], context["control"]):
        rows[0] = {name: f"<{name}>" for name in rows[0]} | {"right": True}
    first = context["trajectories"][0]["rows"][0]
    context["trajectories"][0]["rows"][0] = {name: f"<{name}>" for name in first}
    (check, *_), *_ = context["calibration"].values()
    check |= {"batch_size": 11, "n": 22, "measured_percentage": 33, "expected_percentage": 44}
    check |= {"tolerance": 55, "passed": True}
    monkeypatch.setattr(page, "_context", lambda *given: context)
    parsed = Tables()
    parsed.feed(page.render(settings, inputs))
    for columns in (TRAINING, CLASSES, DIRECTIONS, CONTROL):
        where = next(k for k, row in enumerate(parsed.rows) if set(columns) <= set(row))
        heads, cells = parsed.rows[where : where + 2]
        shown = dict(zip(heads, cells, strict=True))
        assert {head: shown[head] for head in columns} == {
            head: f"<{name}>" for head, name in columns.items()
        }
    checks = next(k for k, row in enumerate(parsed.rows) if row[:2] == ["Batch size", "n"])
    assert parsed.rows[checks + 2][:5] == ["11", "22", "33.0", "44.0", "± 55.0"]
    assert parsed.rows[checks][2:5] == ["Measured (%)", "Expected (%)", "Tolerance"]
