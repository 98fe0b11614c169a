"""Published claims and their verdicts."""
