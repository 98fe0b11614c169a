"""Cross-entropy of logits and class numbers, of samples or at every position of sequences."""

import torch.nn.functional as F
from torch import Tensor


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean over all targets that are not -100 (torch's `ignore_index`, padding).

    A sample's loss is so the mean over its own positions. That of a batch is the mean of these where all its samples
    have equally many positions that count; where they do not, it is what torch and most training code take, the mean
    over positions, which is no mean over samples.

    Args:
        outputs: logits, (batch, classes) or, of sequences, (batch, positions, classes).
        targets: int64 (batch,) or (batch, positions).

    >>> import torch
    >>> outputs = torch.tensor([[[0.0, 0.0], [9.0, 0.0]]])
    >>> round(cross_entropy(outputs, torch.tensor([[0, -100]])).item(), 4)
    0.6931
    """
    if targets.ndim > 1 and outputs.ndim == targets.ndim + 1:
        # Not torch's form with the classes second: on CUDA that one does not repeat its bits.
        outputs, targets = outputs.flatten(0, -2), targets.flatten()
    return F.cross_entropy(outputs, targets)


LOSS = cross_entropy
