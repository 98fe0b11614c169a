"""SGD of many deep networks at once to a fixed loss: Euclidean, or with the hidden weights on the Stiefel manifold.

Networks of one kind differ in seed and learning rate alone, so that their weights are stacked and their layers multiplied
in batches; those that are done leave the stack.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from gradnoise.draws.streams import Stream, generator
from gradnoise.geometry.networks import Images, network
from gradnoise.geometry.settings import Descending, Trained
from gradnoise.geometry.stiefel import moved

EVERY = 10  # steps from one look at the loss to the next
RISE = 1.1  # times the loss at the start: a rate at which the loss goes beyond is not stable
HOPELESS = 3.0  # times the loss at the start: beyond, a run is given up
PATIENCE = 300  # steps after which a run is given up if its loss is not below that at its start


class Arm(NamedTuple):
    """What is trained, but for its learning rate and seed."""

    depth: int
    initialisation: str
    manifold: str
    q: float


class Descent(NamedTuple):
    """How one network came to a loss.

    Attributes:
        steps: of SGD, a multiple of EVERY; where it did not arrive, those it was given.
        arrived: whether its loss fell below the one asked for.
        stable: whether no loss on the way was above RISE times the first one.
        loss: the last one that was looked at.
    """

    steps: int
    arrived: bool
    stable: bool
    loss: float


class Ensemble:
    """Networks of one kind in training, the same step of each.

    The last layer's weights are Euclidean throughout: orthonormal ones could not make logits larger than inputs. Batches are
    drawn with replacement; networks of one seed see the same ones, and have the same start.

    Attributes:
        places: which ones of those that began are still there, (m,).
    """

    def __init__(
        self, arm: Arm, runs: Sequence[tuple[float, int]], shown: Images, settings: Trained
    ) -> None:
        """Networks before their first step.

        Args:
            arm: what they share.
            runs: learning rate and seed of each.
            shown: the images.
            settings: of the job.
        """
        seeds = sorted({seed for _, seed in runs})
        starts = {
            seed: network(arm.depth, settings.width, arm.initialisation, arm.q, seed)
            for seed in seeds
        }
        self.model = starts[seeds[0]]
        self.weights: dict[str, Tensor] = dict(
            stack_module_state([starts[seed] for _, seed in runs])[0]
        )
        *_, last = (name for name in self.weights if name.endswith("weight"))
        on_manifold = arm.manifold == "stiefel"
        self.constrained = [
            name
            for name, part in self.weights.items()
            if on_manifold and part.ndim == 3 and name != last
        ]
        self.inputs, self.classes = shown.at(arm.q), torch.from_numpy(shown.classes)
        self.batch_size = settings.batch_size
        self.batches = {seed: generator(seed, Stream.GEOMETRY, "batches") for seed in seeds}
        self.rates = torch.tensor([rate for rate, _ in runs])
        self.seeds = [seed for _, seed in runs]
        self.places = np.arange(len(runs))

    def step(self) -> None:
        """Take a step of SGD."""
        chosen = {
            seed: torch.from_numpy(random.integers(0, len(self.inputs), self.batch_size))
            for seed, random in self.batches.items()
        }
        rows = torch.stack([chosen[seed] for seed in self.seeds])
        leaves = list(self.weights.values())
        total = self._losses(self.inputs[rows], self.classes[rows], 0).sum()
        gradients = dict(zip(self.weights, torch.autograd.grad(total, leaves), strict=True))
        with torch.no_grad():
            for name, part in self.weights.items():
                rates = self.rates.reshape(-1, *[1] * (part.ndim - 1))
                if name in self.constrained:
                    part.copy_(moved(part, gradients[name], rates))
                else:
                    part.sub_(rates * gradients[name])

    def losses(self) -> NDArray[np.float64]:
        """Cross entropy of each over all images, (m,)."""
        with torch.no_grad():
            return self._losses(self.inputs, self.classes, None).double().numpy()

    def keep(self, which: NDArray[np.bool_]) -> None:
        """Go on with some of them."""
        chosen = torch.from_numpy(np.flatnonzero(which))
        self.weights = {
            name: part.detach()[chosen].requires_grad_() for name, part in self.weights.items()
        }
        self.rates, self.places = self.rates[chosen], self.places[which]
        self.seeds = [seed for seed, stays in zip(self.seeds, which, strict=True) if stays]
        self.batches = {seed: self.batches[seed] for seed in sorted(set(self.seeds))}

    def network(self, index: int) -> nn.Sequential:
        """One of those that are still there; the next call changes it."""
        self.model.load_state_dict({name: part[index] for name, part in self.weights.items()})
        return self.model

    def _losses(self, inputs: Tensor, classes: Tensor, along: int | None) -> Tensor:
        """Mean losses (m,) of each network on its own samples (along 0), or of all on the same (None)."""

        def one(weights: dict[str, Tensor], inputs: Tensor, classes: Tensor) -> Tensor:
            outputs = functional_call(self.model, weights, (inputs,))
            return nn.functional.cross_entropy(outputs, classes)

        found: Tensor = vmap(one, in_dims=(0, along, along))(self.weights, inputs, classes)
        return found


def descend(
    arm: Arm,
    runs: Sequence[tuple[float, int]],
    shown: Images,
    settings: Descending,
    hopeless: float = HOPELESS,
) -> list[Descent]:
    """Train networks, each until it has the loss, or has no more steps.

    Args:
        arm, runs, shown, settings: as `Ensemble` has them.
        hopeless: times its loss at the start, beyond which a run is given up.
    """
    found = [Descent(settings.steps, False, False, np.nan)] * len(runs)
    networks = Ensemble(arm, runs, shown, settings)
    first = losses = networks.losses()
    stable = np.ones(len(runs), bool)
    for step in range(0, settings.steps + 1, EVERY):
        places = networks.places
        stable[places] &= losses <= RISE * first[places]  # NaN is not
        arrived = losses < settings.loss
        bound = 1.0 if step >= PATIENCE else hopeless
        over = arrived | ~(losses <= bound * first[places]) | (step + EVERY > settings.steps)
        for place, loss, there in zip(places[over], losses[over], arrived[over], strict=True):
            steps = step if there else settings.steps
            found[place] = Descent(steps, bool(there), bool(stable[place]), float(loss))
        if over.all():
            break
        networks.keep(~over)
        for _ in range(EVERY):
            networks.step()
        losses = networks.losses()
    return found


def brackets(
    stable: Callable[[NDArray[np.float64], NDArray[np.int64]], NDArray[np.bool_]],
    near: ArrayLike,
    resolution: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where something ceases to be stable: doubled or halved until it is bracketed, then bisected in its logarithm.

    Args:
        stable: of values (k,) and of the places (k,) that they belong to, (k,).
        near: where to begin, (n,), above 0.
        resolution: upper over lower end, at most, above 1.

    Returns:
        Lower ends, stable, and upper ones, not, each (n,). Where it ceases, returns and ceases again, one of the places.
    """
    low = np.array(near, float)
    everywhere = np.arange(len(low))
    high = 2 * low
    for ends, factor, wanted in ((low, 0.5, True), (high, 2.0, False)):
        off = everywhere
        while (off := off[stable(ends[off], off) != wanted]).size:
            (high if wanted else low)[off] = ends[off]
            ends[off] *= factor
    while (wide := everywhere[high > resolution * low]).size:
        middle = np.sqrt(low[wide] * high[wide])
        fine = stable(middle, wide)
        low[wide[fine]], high[wide[~fine]] = middle[fine], middle[~fine]
    return low, high
