"""One run of an experiment: its network's parameters, which of them are measured, seeds and epochs.

Known before any job runs, without importing torch.
"""

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gradnoise.data import catalogue
from gradnoise.data.settings import read
from gradnoise.errors import InputError
from gradnoise.model import architectures
from gradnoise.store.paths import Checkpoint
from gradnoise.trajectory.names import MODEL, NETWORK
from stages import model

if TYPE_CHECKING:
    from configuration import Sections

# Where the number of samples, or the shape of the inputs, is only known once the data stage has read them.
UNKNOWN = catalogue.Description((3, 32, 32), 10, 50_000)


class Run:
    """One run of the experiment: a network, trained once per seed, and its measurements.

    Attributes:
        sections: its part of the config.
        trained_by: the run that trains its networks.
        seeds, epochs: where its noise is sampled.
        data: file name of its data set.
    """

    def __init__(
        self, name: str, sections: "Sections", trained_by: str, seeds: list[int], data: str
    ) -> None:
        self.name, self.trained_by, self.data = name, trained_by, data
        self.sections = sections
        self.seeds = seeds
        self.epochs = sections.checkpoints
        self.repeats = list(range(1, sections.noise.repeats + 1))

    @cached_property
    def description(self) -> catalogue.Description | None:
        """Shape and size of the data, where that is known before reading them."""
        return catalogue.describe(read(self.sections.data.model_dump()))

    @property
    def samples(self) -> int:
        """Training samples; of image folders and tars a subset's size, else an estimate."""
        if self.description is None:
            return self.sections.data.subset or UNKNOWN.train_samples
        return self.description.train_samples

    @cached_property
    def parameters(self) -> list[architectures.Parameter]:
        """Every parameter of the network, in the network's order."""
        known = self.description or UNKNOWN
        shapes = known.input_shape, known.outputs
        return model.parameters(self.sections.model, *shapes, known.tokens, known.positions)

    @cached_property
    def measured(self) -> list[architectures.Parameter]:
        """The parameters whose noise is sampled, and along which trajectories are recorded.

        Raises:
            InputError: for a layer whose noise is to be sampled and that does not exist, or one with a name that
                no result can have.
        """
        noise, sampled = self.sections.noise, bool(self.epochs)
        chosen = architectures.selected(self.parameters, noise.biases)
        if noise.layers != "all":
            unknown = [name for name in noise.layers if not any(p.is_of(name) for p in chosen)]
            if unknown and sampled:
                raise InputError(
                    f"noise.layers of run {self.name}: unknown {', '.join(unknown)}; "
                    f"accepted: all, or any of {', '.join(dict.fromkeys(p.layer for p in chosen))}"
                )
            chosen = [p for p in chosen if any(map(p.is_of, noise.layers))]
        if sampled and not chosen:
            raise InputError(
                f"noise.biases of run {self.name}: found false, and the network has no weights; nothing "
                "would be sampled"
            )
        for parameter in chosen if sampled or self.followed else ():
            self._require_name(parameter.name)
        return chosen

    def _require_name(self, name: str) -> None:
        """Check that files, stores and tables can be named after a parameter."""
        if name in (MODEL, NETWORK) or not re.fullmatch(r"(?!__)[\w. -]+", name):
            raise InputError(
                f"model.name of run {self.name}: the parameter {name!r} cannot name a result; accepted: letters, "
                f"digits, underscores, dots, hyphens and spaces, but neither {MODEL!r} nor {NETWORK!r}; rename "
                "its module, or leave it out of noise.layers"
            )

    @property
    def own_source(self) -> tuple[str, ...]:
        """Fingerprint of the user's own model and loss, empty for built-in ones."""
        names = self.sections.model.name, self.sections.training.loss
        return tuple(sorted({part for name in names for part in model.source(name)}))

    @property
    def has_moments(self) -> bool:
        """Whether a sample's gradient exists: it does not depend on batch mates or random draws."""
        return not self.sections.noise.augment and self.sections.noise.batch_norm_mode == "eval"

    def values(self, parameter: architectures.Parameter) -> int:
        """Numbers stored per sample or batch for one parameter: coordinates and directions."""
        noise = self.sections.noise
        chosen = parameter.size if noise.coordinates == "all" else noise.coordinates
        return min(chosen, parameter.size) + noise.directions

    @cached_property
    def largest(self) -> int:
        """`values` of the layer that has most of them."""
        return max(self.values(parameter) for parameter in self.measured)

    @cached_property
    def weights(self) -> int:
        """Parameters of the whole network."""
        return sum(parameter.size for parameter in self.parameters)

    @property
    def followed(self) -> list[int]:
        """Training seeds whose networks' trajectories are recorded."""
        section = self.sections.trajectory
        return self.seeds[: section.networks] if section.variants else []

    @property
    def subspaces(self) -> list[str]:
        """What a trajectory is recorded in: measured parameters where asked for, and the whole model."""
        layers = self.measured if self.sections.trajectory.layers else ()
        return [*(parameter.name for parameter in layers), MODEL]


class Job(NamedTuple):
    """One job of a run: which of its networks, checkpoints, repeats, parts, parameters, trajectories, figures or layers."""

    run: Run
    seed: int = 0
    epoch: int = 0
    repeat: int = 0
    part: int = 0  # of a store that several jobs make, from 1; 0: the job that makes the store
    parameter: str = ""
    variant: str = ""
    figure: str = ""
    layers: tuple[str, ...] = ()  # parameters, where it makes the files of several

    @property
    def parts(self) -> list["Job"]:
        """The jobs that make its store together, before it links what they wrote; none where it makes it alone."""
        shards = self.run.sections.noise.shards
        return [self._replace(part=part + 1) for part in range(shards)] if shards > 1 else []

    @property
    def parameters(self) -> list[architectures.Parameter]:
        """Those whose files it makes."""
        names = self.layers or (self.parameter,)
        return [each for each in self.run.measured if each.name in names]

    @property
    def checkpoint(self) -> Checkpoint:
        """Where what it measures lies."""
        return Checkpoint(self.run.name, self.seed, self.epoch)
