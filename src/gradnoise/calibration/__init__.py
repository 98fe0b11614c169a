"""The instrument check."""
