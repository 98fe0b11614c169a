"""What a recorded trajectory says."""
