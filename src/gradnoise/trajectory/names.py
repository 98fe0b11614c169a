"""Names that stores, tables, claims, figures and rules share. Imports nothing."""

# The subspace over all parameters.
MODEL = "model"

# The row of tables that is over all parameters. No parameter that is sampled has this name or the one above.
NETWORK = "network"

EIGENVECTOR = "eigenvector"

# What a recorded direction can be, in the order in which a subspace holds them.
KINDS = (EIGENVECTOR, "random", "coordinate")
