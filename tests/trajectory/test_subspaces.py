"""Directions of a subspace, and projections onto them."""

import numpy as np
import torch

from example_chain import Asked, noted
from example_objectives import objective
from example_recordings import SETTINGS
from gradnoise.curvature.objective import unflatten
from gradnoise.draws.streams import Stream
from gradnoise.trajectory.names import MODEL
from gradnoise.trajectory.settings import Settings
from gradnoise.trajectory.subspaces import Projector, choose


def settings_of(
    parameters: list[str], eigenvectors: int, random: int, coordinates: int
) -> Settings:
    counts = {"eigenvectors": eigenvectors, "random_directions": random, "coordinates": coordinates}
    return Settings(**{**SETTINGS, **counts, "parameters": parameters})


def test_a_subspace_holds_unit_eigenvectors_random_directions_and_coordinates() -> None:
    loss = objective()
    settings = settings_of(["0.weight"], 3, 2, 2)
    found = choose(loss, settings)
    assert list(found) == ["0.weight", MODEL]
    for subspace in found.values():
        assert subspace.kind == ("eigenvector",) * 3 + ("random",) * 2 + ("coordinate",) * 2
        assert np.allclose(np.linalg.norm(subspace.vectors, axis=1), 1, atol=1e-5)
        assert subspace.converged
        assert np.all(np.diff(subspace.eigenvalue[:3]) <= 0)
    again = choose(loss, settings)
    assert np.array_equal(found[MODEL].vectors, again[MODEL].vectors)


def test_displacements_are_projected_onto_each_subspace() -> None:
    loss = objective()
    subspaces = choose(loss, settings_of(["3.weight"], 2, 1, 1))
    sizes = {name: part.numel() for name, part in loss.parameters().items()}
    moved = torch.randn(3, len(loss.position), generator=torch.Generator().manual_seed(2))
    for name, projected in Projector(subspaces, sizes, moved.device).project(moved).items():
        parameters = subspaces[name].parameters
        part = torch.cat(
            [
                each.reshape(3, -1)
                for key, each in unflatten(loss.model, moved).items()
                if key in parameters
            ],
            dim=1,
        )
        assert np.allclose(projected, part.numpy() @ subspaces[name].vectors.T, atol=1e-5)


def test_every_subspace_has_random_directions_of_its_own() -> None:
    asked: list[Asked] = []
    with noted("trajectory", asked):
        choose(objective(samples=20), settings_of(["0.weight", "3.weight"], 1, 2, 1))
    keys = [each.key for each in asked if each.purpose == Stream.PROJECTIONS]
    assert len(set(keys)) == len(keys) == 3


def test_measuring_another_parameter_changes_no_direction() -> None:
    loss = objective(samples=20)
    alone = choose(loss, settings_of(["0.weight"], 2, 1, 1))
    together = choose(loss, settings_of(["3.weight", "0.weight"], 2, 1, 1))
    for name, subspace in alone.items():
        assert np.array_equal(subspace.vectors, together[name].vectors)
