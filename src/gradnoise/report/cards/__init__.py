"""Noise cards: a run's settings, numbers and verdicts as JSON, and pages that hold several cards side by side."""
