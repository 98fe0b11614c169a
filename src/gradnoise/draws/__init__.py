"""Random streams, and which samples make which mini-batch."""
