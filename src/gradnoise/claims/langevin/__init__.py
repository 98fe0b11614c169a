"""Claims on the dynamics of SGD, a registry: every module declares its `CLAIMS`."""
