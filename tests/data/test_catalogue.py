import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from example_data import collection, describe, read, settings_of, unpack
from gradnoise.data import catalogue
from gradnoise.errors import InputError


def test_import_is_light():
    program = (
        "import sys, gradnoise.data.catalogue; "
        "print([m for m in ('torch', 'PIL', 'pandas', 'scipy.stats', 'torchvision') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_listing_knows_names_sizes_and_times(tmp_path):
    unpack(collection(), tmp_path)
    before = catalogue.listing(tmp_path)
    assert catalogue.listing(tmp_path) == before
    (tmp_path / "README.txt").touch()
    touched = catalogue.listing(tmp_path)
    (tmp_path / "README.txt").rename(tmp_path / "README")
    assert len({before, touched, catalogue.listing(tmp_path)}) == 3
    with pytest.raises(InputError, match="found no such folder"):
        catalogue.listing(tmp_path / "missing")


def test_contents_know_names_and_bytes_and_no_times(tmp_path):
    unpack(collection(), tmp_path / "images")
    given = settings_of({"dataset": "image_folder", "path": str(tmp_path / "images")})
    found = [catalogue.contents(given)]
    (tmp_path / "images/README.txt").touch()
    assert catalogue.contents(given) == found[0]
    assert len(found[0][str(tmp_path / "images")]) == len(
        [path for path in (tmp_path / "images").rglob("*") if path.is_file()]
    )
    (tmp_path / "images/README.txt").rename(tmp_path / "images/README")
    found.append(catalogue.contents(given))
    (tmp_path / "images/README").write_text("other")
    found.append(catalogue.contents(given))
    assert found[0] != found[1] != found[2] != found[0]
    assert catalogue.contents(settings_of({"dataset": "linear_regression"})) == {}


def test_what_is_no_file_is_left_to_whoever_reads_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    given = settings_of({"dataset": "arrays", "path": str(tmp_path / "pipe.npz")})
    assert catalogue.contents(given) == {str(tmp_path / "pipe.npz"): []}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"subset": 10_001}, "found subset 10001; expected 10 to 10000"),
        ({"subset": 9}, "found subset 9; expected 10 to"),
        ({"dataset": "cifar10"}, "data.path: found none; expected the file or folder of cifar10"),
        (
            {"dataset": "cifar10", "download": True},
            "data.path: found none; expected the file or folder of cifar10",
        ),
    ],
)
def test_settings_that_do_not_suit_the_data_set_are_named_before_any_job(given, message):
    for function in (read, describe):
        with pytest.raises(InputError, match=message):
            function(given)


def test_the_documented_names_are_those_that_there_are():
    text = Path(__file__).parents[2].joinpath("config.yaml").read_text()
    comment = text[text.index("data:\n") : text.index("  dataset: ")]
    assert re.findall(r"[a-z]\w+", comment.replace("(in data/)", "").partition("#")[2]) == list(
        catalogue.NAMES
    )


@pytest.mark.parametrize("name", catalogue.NAMES)
def test_every_data_set_has_a_title_for_readers(name):
    assert " " in (title := catalogue.DATA_SETS[name].title) or title[0].isupper() or name == title
