import subprocess
import sys

import pytest

from gradnoise.errors import InputError
from gradnoise.figures.related import REPEAT
from gradnoise.related.catalogue import modules
from gradnoise.related.conduct import load

NAMES = list(modules())


def test_names_are_found_without_importing_anything() -> None:
    program = (
        "import sys; from gradnoise.related.catalogue import modules; assert len(modules()) > 13;"
        "assert not {'numpy', 'scipy', 'numba', 'gradnoise.related.study'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_study_that_there_is_not_is_one_line() -> None:
    with pytest.raises(InputError, match=r"study: found 'sgdl'; did you mean sgld\?; accepted: "):
        load("sgdl")


@pytest.mark.parametrize("name", NAMES)
def test_panels_show_arrays_that_the_study_declares(name: str) -> None:
    study = load(name)
    dimensions = {variable.name: variable.dimensions for variable in study.variables}
    assert study.panels
    assert len({panel.title for panel in study.panels}) == len(study.panels)
    for panel in study.panels:
        shown = [each for each in dimensions[panel.values] if each != REPEAT]
        assert len(shown) == (2 if panel.lines else 1)
        if panel.expected:
            assert list(dimensions[panel.expected]) == shown
        if isinstance(panel.against, str):
            (across,) = dimensions[panel.against]
            assert across in shown
        assert set(panel.log) <= {"x", "y"}
