"""Claims on information geometry."""
