"""Per-sample gradients of a table of vectors from its tokens and errors, without whole tables of zeros.

The gradient of row v for sample i is the sum of the errors at the positions of the token v,

    g[i, v, e] = sum_p [token[i, p] = v] error[i, p, e].
"""

from functools import lru_cache

import numpy as np
import torch
from torch import nn

from gradnoise.gradients import directions as random_directions
from gradnoise.gradients.contractions import ELEMENTS, Rows
from gradnoise.gradients.directions import Directions
from gradnoise.gradients.selections import Selection, project_rows


def embedding_rows(
    module: nn.Embedding, tokens: torch.Tensor, error: torch.Tensor, selection: Selection
) -> Rows:
    """Gradients at the selection, float32 (n, C) and (n, D).

    Args:
        module: with `padding_idx`, whose row has no gradient.
        tokens: integers (n, ...).
        error: float32 (n, ..., E).
        selection: of the module's weight, (V, E).
    """
    samples, width = len(tokens), module.embedding_dim
    tokens, error = tokens.reshape(samples, -1).long(), error.reshape(samples, -1, width)
    if module.padding_idx is not None:
        error = error * (tokens != module.padding_idx).unsqueeze(-1)
    directions = selection.directions
    # Small tables have dense directions, and where most coordinates are chosen there is nothing to leave out.
    whole = 2 * len(selection.coordinates) > selection.size or (
        directions is not None and directions.dense is not None
    )
    step = max(1, ELEMENTS // (selection.size if whole else 4 * tokens.shape[1] * width + 1))
    method = _whole if whole else _chosen
    parts = [
        method(tokens[first : first + step], error[first : first + step], selection)
        for first in range(0, samples, step)
    ]
    return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])


def _whole(tokens: torch.Tensor, error: torch.Tensor, selection: Selection) -> Rows:
    """By the whole gradients."""
    samples, width, count = len(tokens), error.shape[-1], selection.shape[0]
    table = error.new_zeros(samples * count, width)
    first = count * torch.arange(samples, device=tokens.device).unsqueeze(1)
    table.index_add_(0, (tokens + first).view(-1), error.reshape(-1, width))
    return project_rows(selection, table.view(samples, -1))


def _chosen(tokens: torch.Tensor, error: torch.Tensor, selection: Selection) -> Rows:
    """By the chosen coordinates that a position's token has."""
    (samples, positions, width), count = error.shape, len(selection.coordinates)
    first, column, place = _by_token(selection, tokens.device)
    flat = tokens.reshape(-1)
    begin, hits = first[flat], first[flat + 1] - first[flat]
    position = torch.arange(len(flat), device=flat.device).repeat_interleave(hits)
    before = (hits.cumsum(0) - hits)[position]
    entry = begin[position] + torch.arange(len(position), device=flat.device) - before
    values = error.reshape(-1, width)[position, column[entry]]
    chosen = error.new_zeros(samples * count)
    chosen.index_add_(0, position // max(1, positions) * count + place[entry], values)
    chosen = chosen.view(samples, count)
    if selection.directions is None:
        return chosen, chosen.new_empty(samples, 0)
    return chosen, _sketched(tokens, error, selection.directions)


def _sketched(tokens: torch.Tensor, error: torch.Tensor, directions: Directions) -> torch.Tensor:
    """Along the directions of a sketch, (n, D): every error belongs to one of them."""
    tables, samples = random_directions.device_tables(directions, error.device), len(tokens)
    bucket = tables.row_bucket[tokens].unsqueeze(-1) + tables.column_bucket
    first = directions.count * torch.arange(samples, device=tokens.device).view(-1, 1, 1)
    signed = error * tables.row_sign[tokens].unsqueeze(-1) * tables.column_sign
    projected = error.new_zeros(samples * directions.count)
    projected.index_add_(0, (bucket % directions.count + first).view(-1), signed.view(-1))
    return projected.view(samples, -1) * tables.scale


@lru_cache(maxsize=64)
def _by_token(
    selection: Selection, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Where every token's chosen coordinates begin (V + 1,); column and place of each, (C,)."""
    place = np.argsort(selection.coordinates, kind="stable")
    row, column = np.divmod(selection.coordinates[place], selection.shape[1])
    first = np.searchsorted(row, np.arange(selection.shape[0] + 1))
    arrays = first, column, place
    found = [torch.from_numpy(np.ascontiguousarray(each)).to(device) for each in arrays]
    return found[0], found[1], found[2]
