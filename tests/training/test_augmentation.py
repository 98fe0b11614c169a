import numpy as np
import torch

from gradnoise.training import augmentation


class Given:
    """Stands for a generator that draws the given numbers."""

    def __init__(self, *rows):
        self.rows = np.array(rows)

    def integers(self, low, high, size):
        assert size == self.rows.shape
        assert (self.rows < np.array(high)).all()
        return self.rows


def test_crops_shift_and_flips_mirror():
    images = torch.arange(2 * 1 * 3 * 3, dtype=torch.float32).view(2, 1, 3, 3) + 1
    # Offset 4 is the image as it is; 5 takes one row further down.
    found = augmentation.crop_and_flip(images, Given([4, 4, 0], [5, 4, 1]))
    assert torch.equal(found[0], images[0])
    assert found[1, 0].tolist() == [[15, 14, 13], [18, 17, 16], [0, 0, 0]]


def test_every_shift_and_both_sides_occur_and_repeat_with_the_generator():
    image = torch.zeros(1, 1, 9, 9)
    image[0, 0, 4, 4] = 1  # stays inside whatever the shift
    images = image.expand(2000, 1, 9, 9)
    found = augmentation.crop_and_flip(images, np.random.default_rng(1))
    again = augmentation.crop_and_flip(images, np.random.default_rng(1))
    assert torch.equal(found, again)
    where = found.flatten(1).argmax(1)
    assert len(where.unique()) == 81
    assert found.sum() == 2000
