"""The config's schema."""
