"""Names that stores, tables, claims, figures and rules share. Imports nothing."""

# The subspace over all parameters. No parameter has this name: it would be a module's own.
MODEL = "model"

EIGENVECTOR = "eigenvector"

# What a recorded direction can be, in the order in which a subspace holds them.
KINDS = (EIGENVECTOR, "random", "coordinate")
