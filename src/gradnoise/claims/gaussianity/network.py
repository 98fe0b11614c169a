"""Claims on the whole network."""

from collections.abc import Sequence

from gradnoise.claims.claim import Claim, Subject
from gradnoise.claims.evidence import NotTestableError
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.scheme.component import Component
from gradnoise.tables.moderated.contrasts import Scope


def nobody(experiment: Experiment) -> Sequence[Subject]:
    """No run can test what the text does not say."""
    raise NotTestableError(
        "needs the percentage that the paper's text has lost; ours is the row `network` of gaussianity.csv, "
        "every layer weighted by its number of weights"
    )


def _never(subject: Subject, scope: Scope) -> Sequence[Component]:
    raise NotTestableError("needs a percentage to hold it against")


CLAIMS = [
    Claim(
        "network_at_large_batches",
        "The whole network is above the percentage that the text gives at batch size 2048",
        "gradient noise",
        "paper",
        "percentage of the whole network, every layer weighted by its number of weights",
        _never,
        about=nobody,
    ),
]
