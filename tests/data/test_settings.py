import pytest

from example_data import DEFAULTS, settings_of
from gradnoise.data import settings
from gradnoise.errors import InputError


def test_the_configs_section_is_read():
    found = settings.read(DEFAULTS)
    assert (found.dataset, found.synthetic.samples) == ("fashion_mnist_subset", 10_000)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({**DEFAULTS, "folder": "x"}, "folder: unknown key; accepted: dataset"),
        (
            {**DEFAULTS, "synthetic": {**DEFAULTS["synthetic"], "colour": 1}},
            "colour: unknown key; accepted: samples",
        ),
        ({"dataset": "mnist"}, "path: missing"),
    ],
)
def test_unknown_and_missing_keys_are_named_at_both_levels(given, message):
    with pytest.raises(InputError, match=message):
        settings.read(given)


def test_a_path_may_begin_at_home(monkeypatch):
    monkeypatch.setenv("HOME", "/users/anna")
    assert str(settings_of({"path": "~/images"}).place) == "/users/anna/images"


def test_defaults_are_those_of_the_config():
    assert settings.Settings() == settings.read(DEFAULTS)


def test_some_keys_are_completed_by_the_defaults():
    found = settings.complete({"dataset": "linear_regression", "synthetic": {"samples": 7}})
    assert (found.dataset, found.synthetic.samples, found.synthetic.features) == (
        *("linear_regression", 7),
        20,
    )
    assert settings.complete(found) is found
    with pytest.raises(InputError, match="folder: unknown key"):
        settings.complete({"folder": "x"})
