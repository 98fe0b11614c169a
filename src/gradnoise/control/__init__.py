"""The positive control."""
