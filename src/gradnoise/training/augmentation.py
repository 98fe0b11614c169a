"""Random crop and flip of image batches."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

PADDING = 4  # pixels, as in He et al. 2016 (arXiv:1512.03385, section 4.2)


def crop_and_flip(images: Tensor, random: np.random.Generator) -> Tensor:
    """Shift each image by up to 4 pixels both ways and mirror every second one, at random.

    Args:
        images: (batch, channels, height, width), normalised; what is shifted in is 0, the mean colour.
        random: gives three numbers for each image, in the order of the batch, whatever the device.

    Returns:
        New tensor of the same shape.
    """
    return _shift_and_mirror(images, _drawn(len(images), random))


def _drawn(count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Row and column of the crop, and whether it is mirrored: int64 (count, 3)."""
    return random.integers(0, [2 * PADDING + 1, 2 * PADDING + 1, 2], size=(count, 3))


def _shift_and_mirror(images: Tensor, drawn: NDArray[np.int64]) -> Tensor:
    count, _, height, width = images.shape
    row, column, mirrored = torch.from_numpy(drawn).to(images.device).unbind(1)
    padded = F.pad(images, (PADDING,) * 4)
    # A view of every possible crop: (batch, channels, row, column, height, width).
    crops = padded.unfold(2, height, 1).unfold(3, width, 1)
    chosen = crops[torch.arange(count, device=images.device), :, row, column]
    return torch.where(mirrored.bool().view(-1, 1, 1, 1), chosen.flip(3), chosen)
