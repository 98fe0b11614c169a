"""Noise cards side by side."""

import json
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from example_config import ROOT
from fingerprint import fingerprint
from gradnoise.errors import InputError
from gradnoise.report.cards import compare

EVIL = "<script>alert('x')</script>\"&"


def measured(batch_size, value, lower=None, upper=None, predicted=None, batches=200):
    numbers = predicted or (None, None, None, None)
    return {
        "batch_size": batch_size,
        "batches": batches,
        "percentage_gaussian": {"value": value, "lower": lower, "upper": upper},
        "predicted": dict(zip(("value", "error", "measured", "coverage"), numbers, strict=True)),
    }


def layer(name, *cells, **changes):
    return {
        "parameter": name,
        "weights": 1234,
        "measured": list(cells),
        "gaussian_batch_size": [],
        "noise_scale": [],
        "tail_index": [],
    } | changes


def run(*layers, **changes):
    return {
        "model": {"name": "cnn", "arguments": {}},
        "data": {"data_set": "mnist", "checksum": "c0", "train_samples": 500, "inputs": "scaled"},
        "training": {"learning_rate": 0.1, "weight_decay": 0.0005},
        "noise": {"sampling": "with_replacement", "augment": False},
        "significance": 0.05,
        "epoch": 4,
        "seeds": [1, 2],
        "repeats": 5,
        "accuracy": {"train": 0.91, "test": 0.8765},
        "layers": list(layers),
        "verdicts": [],
    } | changes


def card(**runs):
    return {"schema": "gradnoise.noise_card", "schema_version": 3, "runs": runs}


class Cells(HTMLParser):
    """Rows of a page's tables as text, cell by cell, and every tag with its attributes."""

    def __init__(self):
        super().__init__()
        self.rows, self.tags, self.inside = [], [], False

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True
        if tag == "br":
            self.rows[-1][-1] += " / "

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data.strip()


def page(*cards):
    named = [(f"card{place}", each) for place, each in enumerate(cards)]
    html = compare.render(compare.columns(named))
    parsed = Cells()
    parsed.feed(html)
    return html, {row[0]: row[1:] for row in parsed.rows}, parsed.tags


def test_settings_and_accuracies_stand_side_by_side_and_what_differs_is_marked():
    second = run(training={"learning_rate": 0.01, "weight_decay": 0.0005}, accuracy={"train": 0.912, "test": None})  # fmt: skip
    _, rows, tags = page(card(one=run()), card(two=second))
    assert rows["training: learning_rate ≠"] == ["0.1", "0.01"]
    assert rows["training: weight_decay"] == ["0.0005", "0.0005"]
    assert rows["data checksum"] == ["c0", "c0"]
    assert rows["train accuracy, % ≠"] == ["91.0", "91.2"]
    assert rows["test accuracy, % ≠"] == ["87.6", ""]
    assert rows["noise: augment"] == ["no", "no"]
    assert rows["training seeds"] == ["1, 2", "1, 2"]
    assert sum(attributes.get("class") == "differ" for _, attributes in tags) == 3


def test_pass_rates_stand_beside_each_other_with_intervals_and_predictions():
    first = layer("conv", measured(64, 81.25, 79.04, 83.46, predicted=(80.0, 1.0, 82.5, 0.9)))
    second = layer("conv", measured(64, 50.0), measured(128, 60.0, 55.0, 65.0))
    _, rows, tags = page(card(one=run(first)), card(two=run(second)))
    assert rows["n = 200, B = 64"][1:] == [
        "81.2 [79.0, 83.5] / predicted 80.0 for 82.5, 90 % covered",
        "50.0",
    ]
    assert rows["n = 200, B = 128"][1:] == ["", "60.0 [55.0, 65.0]"]
    assert rows["weights"] == ["", "1234", "1234"]
    lines = [attributes for tag, attributes in tags if tag == "line"]
    assert [(float(line["x1"]), float(line["x2"])) for line in lines] == [
        (pytest.approx(10 + 2 * 79.04), pytest.approx(10 + 2 * 83.46)),
        (120.0, 140.0),
    ]
    marks = [float(attributes["x"]) for tag, attributes in tags if tag == "text"]
    assert marks == [172.5, 110.0, 130.0]
    described = [a["aria-label"] for tag, a in tags if tag == "svg"]
    assert described == ["A 81.25 %, B 50.0 %", "B 60.0 %"]


def test_intervals_are_drawn_within_the_percentages():
    wide = layer("conv", measured(64, 99.0, -4.0, 106.0))
    _, _, tags = page(card(one=run(wide)), card(two=run(wide)))
    ends = [(float(a["x1"]), float(a["x2"])) for tag, a in tags if tag == "line"]
    assert ends == [(10, 210), (10, 210)]


def test_numbers_of_batches_and_batch_sizes_are_told_apart():
    one = layer("conv", measured(64, 10.0, batches=600), measured(64, 20.0), measured(8, 30.0))
    _, rows, _ = page(card(one=run(one)), card(two=run()))
    keys = [key for key in rows if key.startswith("n = ") and key != "n batches of B samples"]
    assert keys == ["n = 200, B = 8", "n = 200, B = 64", "n = 600, B = 64"]
    assert [rows[key][1] for key in keys] == ["30.0", "20.0", "10.0"]


def test_batch_sizes_noise_scales_and_tails_of_every_seed_are_written_out():
    batch_sizes = [
        {"seed": 1, "value": 1300.4, "lower": 900.0, "upper": None, "beyond": False},
        {"seed": 2, "value": None, "lower": 70.0, "upper": None, "beyond": True},
        {"seed": 3, "value": None, "lower": None, "upper": None, "beyond": False},
    ]
    scales = [
        {"seed": 1, "value": 1050.4, "error": 20.6},
        {"seed": 2, "value": None, "error": None},
        {"seed": 3, "value": 9.6, "error": None},
    ]
    tails = [
        {"method": "ecf", "batch_size": 64, "batches": 600, "value": 1.8, "null": 1.99},
        {"method": "ecf", "batch_size": 16, "batches": 600, "value": 1.526, "null": 1.991},
        {"method": "ml", "batch_size": 8, "batches": 600, "value": 1.2, "null": 1.9},
    ]
    one = layer("conv", gaussian_batch_size=batch_sizes, noise_scale=scales, tail_index=tails)
    _, rows, _ = page(card(one=run(one)), card(two=run(layer("conv"))))
    assert rows["B*, every seed"][1:] == ["1,300 [900, ∞]; above 65,536; unknown", ""]
    assert rows["noise scale, every seed"][1:] == ["1,050 ± 21; 10", ""]
    assert rows["tail index"][1:] == ["1.53 (Gaussian 1.99) by ecf at batch size 16", ""]


def test_verdicts_stand_side_by_side_claim_by_claim():
    def verdict(claim, result, **changes):
        return {
            **{"claim": claim, "statement": f"It {claim}.", "verdict": result, "subject": "one"},
            **{"scope": "these networks", "measured": 12.345},
        } | changes

    first = [verdict("rises", "supported"), verdict("rises", "open", scope="the architecture", measured=None)]  # fmt: skip
    second = [
        verdict("leads", "contradicted", subject="one, two"),
        verdict("falls", "not testable here"),
    ]
    html, rows, _ = page(card(one=run(verdicts=first)), card(one=run(verdicts=second)))
    assert rows["It rises."] == ["supported: these networks, 12.3 / open: the architecture", ""]
    assert rows["It leads."] == ["", "contradicted: these networks, 12.3 (one, two)"]
    assert "falls" not in html


def test_every_run_of_every_card_has_a_column():
    _, rows, _ = page(card(one=run(), two=run()), card(three=run()))
    assert rows["Setting"] == ["A: one", "B: two", "C: three"]


def test_everything_that_a_card_says_is_escaped():
    verdict = {"claim": EVIL, "statement": EVIL, "verdict": EVIL, "subject": EVIL, "scope": EVIL, "measured": 1.0}  # fmt: skip
    evil = run(
        layer(EVIL, measured(64, 50.0), tail_index=[{"method": EVIL, "batch_size": 1, "batches": 1, "value": 1.0, "null": None}]),
        model={"name": EVIL, "arguments": {EVIL: EVIL}},
        training={EVIL: EVIL, "list": [EVIL]},
        noise={EVIL: EVIL},
        data={"data_set": EVIL, "checksum": EVIL, "train_samples": 1, "inputs": EVIL},
        verdicts=[verdict],
    )  # fmt: skip
    named = [(EVIL, card(**{EVIL: evil, "b": evil}))]
    html = compare.render(compare.columns(named))
    parsed = Cells()
    parsed.feed(html)
    assert "script" not in {tag for tag, _ in parsed.tags}
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 15
    known = {"html", "head", "meta", "title", "style", "body", "header", "p", "h1", "main", "section", "h2", "h3", "ul", "li", "b", "span", "div", "table", "thead", "tr", "th", "tbody", "td", "br", "svg", "text", "line", "rect"}  # fmt: skip
    assert {tag for tag, _ in parsed.tags} <= known


def test_the_page_needs_no_network():
    html, _, tags = page(card(one=run()), card(two=run()))
    assert not [a for _, a in tags if "src" in a or "href" in a]
    assert "http" not in html
    assert "@import" not in html


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"card.json: expected a noise card, found no JSON"),
        ("[]", r"found the schema 'list'; expected 'gradnoise.noise_card'"),
        ("{}", r"found the schema None; expected"),
        ('{"schema": "gradnoise.noise_card", "schema_version": 2}', r"schema_version 2; expected 3: write the report"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_card_is_named(tmp_path, content, message):
    (tmp_path / "card.json").write_text(content)
    with pytest.raises(InputError, match=message):
        compare.read(tmp_path / "card.json")
    with pytest.raises(InputError, match=r"none.json: expected a noise card, found none"):
        compare.read(tmp_path / "none.json")


def test_one_run_is_nothing_to_compare_and_more_than_letters_are_too_many():
    with pytest.raises(InputError, match="found 1 runs; expected 2 to 26"):
        compare.columns([("a", card(one=run()))])
    with pytest.raises(InputError, match="found 27 runs"):
        compare.columns([("a", card(**{f"r{n}": run() for n in range(27)}))])


def test_the_command_writes_one_page_of_cards_that_the_report_wrote(folder, tmp_path):
    other = json.loads((folder / "noise_card.json").read_text())
    other["runs"]["cnn"]["training"]["learning_rate"] = 0.5
    (tmp_path / "b.json").write_text(json.dumps(other))
    output = tmp_path / "compare.html"
    command = [sys.executable, "-m", "gradnoise.report", "compare"]
    cards = [str(folder / "noise_card.json"), str(tmp_path / "b.json")]
    subprocess.run([*command, *cards, "--output", str(output)], check=True)
    parsed = Cells()
    parsed.feed(output.read_text())
    rows = {row[0]: row[1:] for row in parsed.rows}
    assert rows["Setting"] == ["A: cnn", "B: cnn_shuffled", "C: cnn", "D: cnn_shuffled"]
    assert rows["training: learning_rate ≠"] == ["0.05", "0.05", "0.5", "0.05"]
    done = subprocess.run([*command, str(output), "--output", str(output)], capture_output=True, text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "error: " in done.stderr


def test_the_report_does_not_depend_on_how_cards_are_compared():
    closure = fingerprint("gradnoise.report.__main__", ROOT / "src")
    assert not [item for item in closure if "compare" in item or "cells" in item]
