"""A job of several layers of a network, as tests, distances and tails of its noise are made."""

import json
import logging
from argparse import Namespace
from collections.abc import Callable, Sequence

from gradnoise import stage
from gradnoise.errors import InputError
from gradnoise.store import kept

log = logging.getLogger(__name__)


def each_layer(
    given: Namespace, make: Callable[[Namespace], None], own: Sequence[str] = ()
) -> None:
    """Make the files of a job's layers one after another, but for those that an earlier attempt has finished.

    Args:
        given: the command line; a file in `output` bears its layer's name, the setting `parameter`.
        make: makes one, from the command line of a job of that layer alone.
        own: names of options that take a file for every layer, as `output` does.
    """
    several = len(given.output) > 1
    for place, output in enumerate(given.output):
        layer = Namespace(**{**vars(given), "output": output})
        layer.settings = {**given.settings, "parameter": output.stem}
        layer.inputs = given.inputs | {name: given.inputs[name][place] for name in own}
        vars(layer).update(layer.inputs)
        made_from = json.dumps(stage.manifest(layer), sort_keys=True) if given.source else ""
        if made_from and kept.take_back_file(output, made_from):
            continue
        if several:
            log.info("%s", output.stem)
        try:
            make(layer)
        except InputError as error:
            raise InputError(f"{output.stem}: {error}" if several else str(error)) from error
        except Exception as error:
            error.add_note(f"{type(error).__name__} of {output.stem}: {error}")
            raise
        if made_from:
            kept.keep_file(output, made_from)
