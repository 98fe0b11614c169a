"""Mini-batch noise of every batch size."""

from gradnoise.noise.sampling import sample_noise

__all__ = ["sample_noise"]
