"""The dictionary of results says what the code declares."""

import dictionary
from gradnoise.rejection.results import TABLES


def test_the_page_is_what_the_declarations_say() -> None:
    """Write it anew with `python workflow/dictionary.py`."""
    assert dictionary.PAGE.read_text() == dictionary.page()


def test_every_file_and_column_is_on_the_page() -> None:
    text = dictionary.page()
    for path, name, _ in dictionary.FILES:
        assert f"### `{path}`" in text, name
    for column in TABLES["gaussianity"]:
        assert f"| `{column.name}` | {column.units} |" in text
    assert "### `gaussianity.csv`" in text
    assert "### `{output}/claims.csv`" in text
